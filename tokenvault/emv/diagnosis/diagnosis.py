"""Which usual mistake makes somebody else's result come out."""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tokenvault.emv.diagnosis.computation import Computation, has_check_value
from tokenvault.emv.diagnosis.covered_fields import block_bytes
from tokenvault.emv.diagnosis.differences import Believed, is_input
from tokenvault.emv.diagnosis.mistakes_in_input import mistakes_in_input, mistakes_in_mac
from tokenvault.emv.diagnosis.mistakes_in_keys import KeySource, mistakes_in_keys, mistakes_in_session_keys
from tokenvault.emv.diagnosis.variants import Finding, Variant

DIAGNOSES_MAX = 5
"""How many are named: one explains a result, more explain it only where they come to the same."""


class Given(StrEnum):
    """The results that can be given, and wrong: of somebody's own computation, and the cryptogram of the tap."""

    CARD_KEY = "card_key"
    SESSION_KEY = "session_key"
    INPUT = "input"
    ARQC = "arqc"
    RECEIVED_ARQC = "received_arqc"


@dataclass(frozen=True)
class Diagnosis:
    """A mistake, and the given results that come out with it."""

    finding: Finding
    explains: tuple[Given, ...]

    @property
    def explains_a_cryptogram(self) -> bool:
        """Whether a cryptogram is among them."""
        return not {Given.ARQC, Given.RECEIVED_ARQC}.isdisjoint(self.explains)


def diagnose(
    computation: Computation,
    source: KeySource,
    believed: Believed,
    tap: Mapping[str, bytes],
    received_arqc: bytes | None = None,
) -> list[Diagnosis]:
    """The mistakes of which each, alone, makes a result come out that is not the computation's; most telling first.

    tap: all tags that are known of the payment.  received_arqc: its own cryptogram.
    """
    wrong = _Wrong.of(computation, believed, received_arqc)
    if wrong.is_empty:
        return []
    found = [
        Diagnosis(variant.finding, explained)
        for variant in _variants(computation, source, tap)
        if (explained := wrong.explained_by(variant))
    ]
    # Whoever has the right cryptogram by a mistake has everything by it; a check value alone says less.
    found.sort(key=lambda each: (not each.explains_a_cryptogram, -len(each.explains)))
    return found[:DIAGNOSES_MAX]


def _variants(computation: Computation, source: KeySource, tap: Mapping[str, bytes]) -> Iterator[Variant]:
    yield from mistakes_in_session_keys(computation)
    yield from mistakes_in_mac(computation)
    yield from mistakes_in_input(computation, tap)
    yield from mistakes_in_keys(computation, source)


@dataclass(frozen=True)
class _Wrong:
    """The given results that are not the computation's. arqcs: under their names."""

    computation: Computation
    card_key_check_value: bytes | None
    session_key_check_value: bytes | None
    data: bytes | None
    arqcs: Mapping[Given, bytes]

    @classmethod
    def of(cls, computation: Computation, believed: Believed, received_arqc: bytes | None) -> "_Wrong":
        cipher, data = computation.version.cipher, believed.data

        def unless_right(key: bytes, given: bytes | None) -> bytes | None:
            return None if given is None or has_check_value(cipher, key, given) else given

        arqcs = {Given.ARQC: believed.arqc, Given.RECEIVED_ARQC: received_arqc}
        return cls(
            computation,
            unless_right(computation.base_key, believed.card_key_check_value),
            unless_right(computation.session_key, believed.session_key_check_value),
            None if data is None or is_input(computation, data) else data,
            {
                name: arqc
                for name, arqc in arqcs.items()
                if arqc is not None and not hmac.compare_digest(computation.arqc, arqc)
            },
        )

    @property
    def is_empty(self) -> bool:
        return not (self.card_key_check_value or self.session_key_check_value or self.data is not None or self.arqcs)

    def explained_by(self, variant: Variant) -> tuple[Given, ...]:
        """The given results that a variant has."""
        cipher, explained = self.computation.version.cipher, []
        if self.card_key_check_value and has_check_value(cipher, variant.base_key, self.card_key_check_value):
            explained.append(Given.CARD_KEY)
        if self.session_key_check_value and has_check_value(cipher, variant.session_key, self.session_key_check_value):
            explained.append(Given.SESSION_KEY)
        if self.data is not None and self._is_input_of(variant, self.data):
            explained.append(Given.INPUT)
        if self.arqcs:
            made = variant.arqc
            explained += [name for name, arqc in self.arqcs.items() if hmac.compare_digest(made, arqc)]
        return tuple(explained)

    def _is_input_of(self, variant: Variant, given: bytes) -> bool:
        """Whether somebody's input is a variant's, with whatever padding: its own, or that of the right input."""
        tail = given[len(variant.data) :]
        is_padding = len(tail) <= block_bytes(self.computation.version) and not tail.removeprefix(b"\x80").strip(b"\0")
        return given.startswith(variant.data) and is_padding
