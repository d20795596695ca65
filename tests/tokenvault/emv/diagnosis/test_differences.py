"""The first step in which somebody else's computation differs, and the first byte of the input."""

import pytest

from tests.tokenvault.emv.diagnosis.taps import computation_of
from tokenvault.emv.ciphers.mac import pad
from tokenvault.emv.cryptograms.cryptogram_versions import LIMITED_USE_TDES
from tokenvault.emv.diagnosis.computation import Step, check_value
from tokenvault.emv.diagnosis.differences import Believed, first_difference

COMPUTATION, _ = computation_of()
RIGHT = Believed(
    check_value("TDES", COMPUTATION.base_key),
    check_value("TDES", COMPUTATION.session_key),
    COMPUTATION.data,
    COMPUTATION.arqc,
)


def differing(**wrong):
    """The first difference of what is right but for this."""
    return first_difference(COMPUTATION, Believed(**{**RIGHT.__dict__, **wrong}))


def test_what_is_right_does_not_differ():
    """With all of it, with nothing, and with the padding."""
    assert differing() is None
    assert first_difference(COMPUTATION, Believed()) is None
    assert differing(data=COMPUTATION.data + COMPUTATION.padding) is None


def test_steps_in_their_order():
    """Each is named while those before it are right, and hidden by the first that is not."""
    wrong = {"card_key_check_value": b"\0\0\0", "session_key_check_value": b"\0\0\0", "data": b"", "arqc": bytes(8)}
    steps = []
    while wrong:
        found = differing(**wrong)
        steps.append(found.step)
        del wrong[next(iter(wrong))]
    assert steps == list(Step)


def test_keys_are_told_by_check_values():
    """What is right, and what was given; the limited-use key by its name."""
    found = differing(session_key_check_value=bytes.fromhex("ABCDEF"))
    assert (found.step, found.given, found.tag, found.offset) == (Step.SESSION_KEY, "ABCDEF", None, None)
    assert found.expected == check_value("TDES", COMPUTATION.session_key).hex().upper()
    assert COMPUTATION.session_key.hex().upper() not in str(found)
    limited, _ = computation_of(LIMITED_USE_TDES)
    assert "the limited-use key has" in first_difference(limited, Believed(card_key_check_value=b"\0\0\0")).message


@pytest.mark.parametrize("offset", range(len(COMPUTATION.data) + len(COMPUTATION.padding)))
def test_the_first_byte_that_differs(offset):
    """Wherever it is: its offset, and the field that it lies in."""
    given = bytearray(COMPUTATION.data + COMPUTATION.padding)
    given[offset] ^= 1
    found = differing(data=bytes(given))
    assert (found.step, found.offset) == (Step.INPUT, offset)
    at = [field for field in COMPUTATION.fields if field.offset <= offset < field.offset + field.length]
    if at:
        assert (found.tag, found.name, found.expected) == (at[0].tag, at[0].name, at[0].value.hex().upper())
        assert found.given == given[at[0].offset : at[0].offset + at[0].length].hex().upper()
    else:
        assert (found.tag, found.name, found.expected) == (None, "padding", "8000000000000000")


@pytest.mark.parametrize(
    ("given", "offset", "tag", "words"),
    [
        (b"", 0, "9F02", "ends after 0 bytes, before its 9F02"),
        (COMPUTATION.data[:-1], 39, "9F10", "ends after 39 bytes"),
        (COMPUTATION.data[:32], 32, "9F36", "before its 9F36 (Application Transaction Counter)"),
        (COMPUTATION.data + b"\x80", 41, None, "before its padding is complete"),
        (pad(COMPUTATION.data + b"\x00", 1), 40, None, "differs first at byte 40, in padding"),
        (COMPUTATION.data + COMPUTATION.padding + b"\x01", 48, None, "goes on after 48 bytes"),
    ],
)
def test_inputs_of_another_length(given, offset, tag, words):
    """Too short, too long, padded otherwise."""
    found = differing(data=given)
    assert (found.offset, found.tag) == (offset, tag)
    assert words in found.message
