"""The first step of a computation in which somebody else's differs."""

import hmac
from dataclasses import dataclass
from itertools import zip_longest

from tokenvault.emv.diagnosis.computation import Computation, Step, check_value, has_check_value
from tokenvault.emv.diagnosis.covered_fields import CoveredField

PADDING = "padding"


@dataclass(frozen=True)
class Believed:
    """What somebody else has computed; None for what was not given.

    card_key_check_value, session_key_check_value: 3 to 5 bytes.  data: the input of the cryptogram, with its padding or
    without.  arqc: 8 bytes.
    """

    card_key_check_value: bytes | None = None
    session_key_check_value: bytes | None = None
    data: bytes | None = None
    arqc: bytes | None = None


@dataclass(frozen=True)
class Difference:
    """Where two computations part.

    expected, given: check values, bytes of one field, or cryptograms; hexadecimal.  tag, name, offset: of the field of
    the input, and of the first byte in it that differs; tag is None for padding.
    """

    step: Step
    message: str
    expected: str
    given: str
    tag: str | None = None
    name: str | None = None
    offset: int | None = None


def first_difference(computation: Computation, believed: Believed) -> Difference | None:
    """The first step whose result is not the one that was given; None where all that was given agrees."""
    return (
        _in_key(computation, Step.CARD_KEY, computation.base_key, believed.card_key_check_value)
        or _in_key(computation, Step.SESSION_KEY, computation.session_key, believed.session_key_check_value)
        or _in_input(computation, believed.data)
        or _in_arqc(computation, believed.arqc)
    )


def is_input(computation: Computation, given: bytes) -> bool:
    """Whether these bytes are the computation's input, padded or not."""
    return given in (computation.data, computation.data + computation.padding)


_NAMES = {Step.CARD_KEY: "the card key", Step.SESSION_KEY: "the session key"}


def _in_key(computation: Computation, step: Step, key: bytes, given: bytes | None) -> Difference | None:
    cipher = computation.version.cipher
    if given is None or has_check_value(cipher, key, given):
        return None
    what = "the limited-use key" if step is Step.CARD_KEY and computation.version.uses_limited_keys else _NAMES[step]
    expected = check_value(cipher, key).hex().upper()
    return Difference(step, f"{what} has the check value {expected}", expected, given.hex().upper())


def _in_input(computation: Computation, given: bytes | None) -> Difference | None:
    if given is None or is_input(computation, given):
        return None
    expected = computation.data + computation.padding
    offset = next(place for place, (ours, theirs) in enumerate(zip_longest(expected, given)) if ours != theirs)
    field = _field_at(computation, offset)
    tag, name = field.tag or None, field.name
    shown = f"{tag} ({name})" if tag else name
    if offset == len(given):
        message = f"the input ends after {offset} bytes, before its {shown} is complete"
    elif offset == len(expected):
        message = f"the input goes on after {offset} bytes, where it ends"
    else:
        message = f"the input differs first at byte {offset}, in {shown}"
    there = given[field.offset : field.offset + field.length] if offset < len(expected) else given[offset:]
    return Difference(Step.INPUT, message, field.value.hex().upper(), there.hex().upper(), tag, name, offset)


def _field_at(computation: Computation, offset: int) -> CoveredField:
    """The field in which a byte of the input lies; the padding for whatever is behind the fields."""
    for field in computation.fields:
        if field.offset <= offset < field.offset + field.length:
            return field
    end = len(computation.data)
    if offset < end + len(computation.padding):
        return CoveredField("", PADDING, computation.padding, end)
    return CoveredField("", "end of the input", b"", offset)


def _in_arqc(computation: Computation, given: bytes | None) -> Difference | None:
    if given is None or hmac.compare_digest(computation.arqc, given):
        return None
    expected = computation.arqc.hex().upper()
    return Difference(Step.ARQC, "the cryptogram differs", expected, given.hex().upper())
