"""Which usual mistake makes somebody else's result come out."""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tokenvault.emv.diagnosis.computation import Computation, Step, has_check_value
from tokenvault.emv.diagnosis.covered_fields import block_bytes
from tokenvault.emv.diagnosis.differences import Believed, is_input
from tokenvault.emv.diagnosis.mistakes_in_input import mistakes_in_input, mistakes_in_mac
from tokenvault.emv.diagnosis.mistakes_in_keys import KeySource, mistakes_in_keys, mistakes_in_session_keys
from tokenvault.emv.diagnosis.variants import Finding, Variant

DIAGNOSES_MAX = 5
"""How many are named: one explains a result, more explain it only where they come to the same."""


@dataclass(frozen=True)
class Diagnosis:
    """A mistake, and the steps whose given results come out with it."""

    finding: Finding
    explains: tuple[Step, ...]


def diagnose(
    computation: Computation,
    source: KeySource,
    believed: Believed,
    tap: Mapping[str, bytes],
    also_arqc: bytes | None = None,
) -> list[Diagnosis]:
    """The mistakes of which each, alone, makes a result come out that is not the computation's; most telling first.

    tap: all tags that are known of the payment.  also_arqc: a second cryptogram, such as the one of the tap.
    """
    wrong = _Wrong.of(computation, believed, also_arqc)
    if wrong.is_empty:
        return []
    found = [
        Diagnosis(variant.finding, explained)
        for variant in _variants(computation, source, tap)
        if (explained := wrong.explained_by(variant))
    ]
    # Whoever has the right cryptogram by a mistake has everything by it; a check value alone says less.
    found.sort(key=lambda each: (Step.ARQC not in each.explains, -len(each.explains)))
    return found[:DIAGNOSES_MAX]


def _variants(computation: Computation, source: KeySource, tap: Mapping[str, bytes]) -> Iterator[Variant]:
    yield from mistakes_in_session_keys(computation)
    yield from mistakes_in_mac(computation)
    yield from mistakes_in_input(computation, tap)
    yield from mistakes_in_keys(computation, source)


@dataclass(frozen=True)
class _Wrong:
    """The given results that are not the computation's. arqcs: of the tap, or somebody's own."""

    computation: Computation
    card_key_check_value: bytes | None
    session_key_check_value: bytes | None
    data: bytes | None
    arqcs: tuple[bytes, ...]

    @classmethod
    def of(cls, computation: Computation, believed: Believed, also_arqc: bytes | None) -> "_Wrong":
        cipher = computation.version.cipher

        def unless_right(key: bytes, given: bytes | None) -> bytes | None:
            return None if given is None or has_check_value(cipher, key, given) else given

        arqcs = [each for each in (believed.arqc, also_arqc) if each is not None]
        data = believed.data
        return cls(
            computation,
            unless_right(computation.base_key, believed.card_key_check_value),
            unless_right(computation.session_key, believed.session_key_check_value),
            None if data is None or is_input(computation, data) else data,
            tuple(each for each in arqcs if not hmac.compare_digest(computation.arqc, each)),
        )

    @property
    def is_empty(self) -> bool:
        return not (self.card_key_check_value or self.session_key_check_value or self.data is not None or self.arqcs)

    def explained_by(self, variant: Variant) -> tuple[Step, ...]:
        """The steps whose given results a variant has."""
        cipher, steps = self.computation.version.cipher, []
        if self.card_key_check_value and has_check_value(cipher, variant.base_key, self.card_key_check_value):
            steps.append(Step.CARD_KEY)
        if self.session_key_check_value and has_check_value(cipher, variant.session_key, self.session_key_check_value):
            steps.append(Step.SESSION_KEY)
        if self.data is not None and self._is_input_of(variant, self.data):
            steps.append(Step.INPUT)
        if self.arqcs:
            arqc = variant.arqc
            if any(hmac.compare_digest(arqc, each) for each in self.arqcs):
                steps.append(Step.ARQC)
        return tuple(steps)

    def _is_input_of(self, variant: Variant, given: bytes) -> bool:
        """Whether somebody's input is a variant's, with whatever padding: its own, or that of the right input."""
        tail = given[len(variant.data) :]
        is_padding = len(tail) <= block_bytes(self.computation.version) and not tail.removeprefix(b"\x80").strip(b"\0")
        return given.startswith(variant.data) and is_padding
