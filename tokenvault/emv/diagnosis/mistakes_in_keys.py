"""Usual mistakes on the way to the card key, the limited-use key and the session key."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tokenvault.emv.ciphers.block_cipher import AES_BLOCK_BYTES, TDES_BLOCK_BYTES
from tokenvault.emv.diagnosis.computation import Computation
from tokenvault.emv.diagnosis.variants import (
    Finding,
    Mistake,
    Variant,
    mac_of,
    with_other_key,
    with_other_session_key,
)
from tokenvault.emv.keys import key_derivation
from tokenvault.emv.keys.key_derivation import DerivationOption
from tokenvault.emv.keys.limited_use_keys import COUNTER_MAX

ATC_DISTANCE_MAX = 16
"""How far from the ATC in tag 9F36 others are tried, in both directions."""


@dataclass(frozen=True)
class KeySource:
    """What a card key comes from.

    issuer_key: secret.  pan: the token PAN; other_pan: the funding PAN behind it, secret, None where there is none.
    psn: PAN sequence number, 2 digits.  index: of the limited-use key in tag 9F10 (YHHHHCC), None without such keys.
    """

    issuer_key: bytes = field(repr=False)
    pan: str = field(repr=False)
    psn: str
    option: DerivationOption
    index: str | None = None
    other_pan: str | None = field(default=None, repr=False)

    def card_key(self, *, pan: str | None = None, psn: str | None = None) -> bytes:
        """The card key, secret; of another PAN or PAN sequence number where one is given."""
        return key_derivation.card_key(self.issuer_key, pan or self.pan, psn or self.psn, self.option)


def mistakes_in_keys(computation: Computation, source: KeySource) -> Iterator[Variant]:
    """Computations that begin with another key."""
    yield from _other_card_keys(computation, source)
    if source.index is not None:
        yield from _other_limited_use_keys(computation, source, source.index)


def _other_card_keys(computation: Computation, source: KeySource) -> Iterator[Variant]:
    def begun_with(card_key: bytes, mistake: Mistake, detail: str = "") -> Variant:
        version = computation.version
        key = card_key if source.index is None else version.limited_use_key(card_key, source.index)
        return with_other_key(computation, Finding(mistake, detail), key)

    for number in range(100):
        psn = f"{number:02d}"
        if psn != source.psn:
            detail = f"{psn}, where the token has {source.psn}"
            yield begun_with(source.card_key(psn=psn), Mistake.PAN_SEQUENCE_NUMBER, detail)
    if source.other_pan is not None:
        yield begun_with(source.card_key(pan=source.other_pan), Mistake.FUNDING_PAN)
    yield begun_with(source.issuer_key, Mistake.ISSUER_KEY_AS_CARD_KEY)
    for option in _SAME_CIPHER[source.option]:
        other = key_derivation.card_key(source.issuer_key, source.pan, source.psn, option)
        yield begun_with(other, Mistake.DERIVATION_OPTION, f"{option} (EMV Book 2, A1.4), not {source.option}")


_SAME_CIPHER = {
    DerivationOption.A: (DerivationOption.B,),
    DerivationOption.B: (DerivationOption.A,),
    DerivationOption.C: (),
    DerivationOption.SM: (DerivationOption.C,),
}
"""Other options that somebody may take with a key of the same length and purpose."""


def _other_limited_use_keys(computation: Computation, source: KeySource, index: str) -> Iterator[Variant]:
    card_key, hour = source.card_key(), index[:-2]
    for counter in range(COUNTER_MAX + 1):
        other = f"{hour}{counter:02d}"
        if other != index:
            finding = Finding(Mistake.LIMITED_USE_KEY_INDEX, f"{other}, not {index}", "9F10")
            yield with_other_key(computation, finding, computation.version.limited_use_key(card_key, other))
    yield with_other_key(computation, Finding(Mistake.CARD_KEY_AS_LIMITED_USE_KEY), card_key)


def mistakes_in_session_keys(computation: Computation) -> Iterator[Variant]:
    """Computations that go on with another session key."""
    yield from _other_counters(computation)
    if computation.session_key != computation.base_key:
        finding = Finding(Mistake.CARD_KEY_AS_SESSION_KEY)
        yield with_other_session_key(computation, finding, computation.base_key)
    for name, derive in _METHODS[computation.version.cipher].items():
        session_key = derive(computation.base_key, computation.atc, computation.values["9F37"])
        if session_key != computation.session_key:
            yield with_other_session_key(computation, Finding(Mistake.SESSION_KEY_METHOD, name), session_key)


def _other_counters(computation: Computation) -> Iterator[Variant]:
    version, unpredictable_number = computation.version, computation.values["9F37"]
    for atc in _near(computation.atc):
        session_key = version.session_key(computation.base_key, atc, unpredictable_number)
        detail = f"{atc:04X}, not {computation.atc:04X}"
        if session_key != computation.session_key:
            finding = Finding(Mistake.SESSION_KEY_ATC, detail, "9F36")
            yield with_other_session_key(computation, finding, session_key)
        other = Computation(version, computation.base_key, {**computation.values, "9F36": atc.to_bytes(2, "big")})
        finding = Finding(Mistake.ANOTHER_ATC, detail, "9F36")
        yield Variant(finding, computation.base_key, session_key, other.data, mac_of(version))


def _near(atc: int) -> list[int]:
    """Counters that somebody may have taken for this one, the nearest first: neighbours, bytes swapped, none."""
    near = [atc + sign * distance for distance in range(1, ATC_DISTANCE_MAX + 1) for sign in (1, -1)]
    swapped = int.from_bytes(atc.to_bytes(2, "little"), "big")
    return [other for other in dict.fromkeys([*near, swapped, 0]) if 0 <= other <= 0xFFFF and other != atc]


_Derive = Callable[[bytes, int, bytes], bytes]

_METHODS: dict[str, dict[str, _Derive]] = {
    "TDES": {
        "the common session key over the ATC (EMV Book 2, A1.3.1)": lambda key, atc, _: key_derivation.session_key_tdes(
            key, key_derivation.atc_diversifier(atc, TDES_BLOCK_BYTES)
        ),
        "M/Chip's, over ATC and unpredictable number": key_derivation.session_key_mastercard,
        "EMV 2000's tree": lambda key, atc, _: key_derivation.session_key_tree(key, atc),
        "PBOC's": lambda key, atc, _: key_derivation.session_key_pboc(key, atc),
        "VSDC's for secure messaging": lambda key, atc, _: key_derivation.secure_messaging_key_visa(key, atc),
    },
    "AES": {
        "the common session key over the ATC (EMV Book 2, A1.3.1)": lambda key, atc, _: key_derivation.session_key_aes(
            key, key_derivation.atc_diversifier(atc, AES_BLOCK_BYTES)
        ),
        "the common session key over ATC and unpredictable number": lambda key, atc, number: (
            key_derivation.session_key_aes(
                key, key_derivation.atc_diversifier(atc, 4) + number + bytes(AES_BLOCK_BYTES - 8)
            )
        ),
        "the ATC at the end of the diversifier, not at its beginning": lambda key, atc, _: (
            key_derivation.session_key_aes(key, atc.to_bytes(AES_BLOCK_BYTES, "big"))
        ),
    },
    "SM4": {
        "the AES rule with AES as its cipher": lambda key, atc, _: key_derivation.session_key_aes(
            key, key_derivation.atc_diversifier(atc, AES_BLOCK_BYTES)
        ),
    },
}
"""By cipher: (card key, ATC, unpredictable number) -> session key, under a name for people."""
