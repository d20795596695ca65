"""The computation of a cryptogram with one thing done differently, and what that thing is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from tokenvault.emv.cryptograms import cryptogram
from tokenvault.emv.cryptograms.cryptogram_versions import CryptogramVersion
from tokenvault.emv.diagnosis.computation import Computation, Step

MakeMac = Callable[[bytes, bytes], bytes]
"""(key, unpadded data) -> cryptogram, 8 bytes."""


class Mistake(Enum):
    """The usual mistakes: a code, the step in which each is made, and what it is."""

    step: Step
    description: str

    def __new__(cls, code: str, step: Step, description: str) -> "Mistake":
        """A member is its code; the rest stands beside it."""
        member = object.__new__(cls)
        member._value_ = code
        member.step, member.description = step, description
        return member

    PAN_SEQUENCE_NUMBER = (
        "pan_sequence_number",
        Step.CARD_KEY,
        "the card key was derived with another PAN sequence number (tag 5F34)",
    )
    FUNDING_PAN = "funding_pan", Step.CARD_KEY, "the card key was derived from the funding PAN, not from the token PAN"
    DERIVATION_OPTION = "derivation_option", Step.CARD_KEY, "the card key was derived by another option"
    ISSUER_KEY_AS_CARD_KEY = (
        "issuer_key_as_card_key",
        Step.CARD_KEY,
        "the issuer master key was used directly, as if it were the card key",
    )
    LIMITED_USE_KEY_INDEX = (
        "limited_use_key_index",
        Step.CARD_KEY,
        "the limited-use key was derived for another index than the one in tag 9F10",
    )
    CARD_KEY_AS_LIMITED_USE_KEY = (
        "card_key_as_limited_use_key",
        Step.CARD_KEY,
        "the card key was used in place of the limited-use key",
    )
    CARD_KEY_AS_SESSION_KEY = (
        "card_key_as_session_key",
        Step.SESSION_KEY,
        "the card key was used directly, without a session key",
    )
    SESSION_KEY_ATC = (
        "session_key_atc",
        Step.SESSION_KEY,
        "the session key was derived with another ATC than the one in tag 9F36, which the input has",
    )
    SESSION_KEY_METHOD = "session_key_method", Step.SESSION_KEY, "the session key was derived by another method"
    ANOTHER_ATC = (
        "another_atc",
        Step.SESSION_KEY,
        "another ATC was used than the one in tag 9F36, for the session key and in the input",
    )
    ANOTHER_VALUE = "another_value", Step.INPUT, "the input has another value of a tag"
    MISSING_FIELD = "missing_field", Step.INPUT, "the input lacks a field"
    EXTRA_FIELD = "extra_field", Step.INPUT, "the input has a tag that the cryptogram does not cover"
    ORDER_OF_FIELDS = "order_of_fields", Step.INPUT, "two fields of the input stand in each other's place"
    TAGS_AND_LENGTHS = "tags_and_lengths", Step.INPUT, "the input has tags and lengths, not the values alone"
    ISSUER_DATA_PART = "issuer_data_part", Step.INPUT, "the input has another part of tag 9F10"
    PADDING_METHOD = "padding_method", Step.ARQC, "the input was padded by another method (ISO/IEC 9797-1)"
    PADDED_TWICE = "padded_twice", Step.ARQC, "the input was padded before the MAC, which pads it itself"
    MAC_ALGORITHM = "mac_algorithm", Step.ARQC, "the cryptogram was made by another MAC algorithm"
    CUT_AT_THE_OTHER_END = "cut_at_the_other_end", Step.ARQC, "the last 8 bytes of the MAC were taken, not the first"

    @property
    def code(self) -> str:
        """Its name in answers."""
        return str(self.value)


@dataclass(frozen=True)
class Finding:
    """One mistake as it was made. detail: of this case, empty where the mistake says it all.  tag: that it is about."""

    mistake: Mistake
    detail: str = ""
    tag: str | None = None

    @property
    def message(self) -> str:
        """What was done differently, for people."""
        return f"{self.mistake.description}: {self.detail}" if self.detail else self.mistake.description


@dataclass(frozen=True)
class Variant:
    """What a computation with a mistake works with. base_key, session_key: secret."""

    finding: Finding
    base_key: bytes = field(repr=False)
    session_key: bytes = field(repr=False)
    data: bytes
    make_mac: MakeMac = field(repr=False)

    @property
    def arqc(self) -> bytes:
        """The cryptogram that comes of it."""
        return self.make_mac(self.session_key, self.data)


def mac_of(version: CryptogramVersion) -> MakeMac:
    """How a version makes its cryptograms."""
    match version.cipher:
        case "AES":
            return cryptogram.arqc_aes
        case "SM4":
            return cryptogram.arqc_sm4
        case "TDES":
            return lambda key, data: cryptogram.arqc_tdes(key, data, version.padding)


def with_other_key(computation: Computation, finding: Finding, base_key: bytes) -> Variant:
    """The computation from another card key or limited-use key on."""
    version = computation.version
    session_key = version.session_key(base_key, computation.atc, computation.values["9F37"])
    return Variant(finding, base_key, session_key, computation.data, mac_of(version))


def with_other_session_key(computation: Computation, finding: Finding, session_key: bytes) -> Variant:
    """The computation with another session key."""
    return Variant(finding, computation.base_key, session_key, computation.data, mac_of(computation.version))


def with_other_input(computation: Computation, finding: Finding, data: bytes) -> Variant:
    """The computation over other bytes."""
    return Variant(finding, computation.base_key, computation.session_key, data, mac_of(computation.version))


def with_other_mac(computation: Computation, finding: Finding, make_mac: MakeMac) -> Variant:
    """The computation with another MAC."""
    return Variant(finding, computation.base_key, computation.session_key, computation.data, make_mac)
