"""Token credentials: what a secure element receives, and its byte layout.

The layout is public (``docs/wallet-integration.md``); the bytes travel only sealed to the device's key.
"""

import json
from dataclasses import asdict, dataclass

from tokenvault.emv.cryptograms.cryptogram_versions import (
    TOKEN_CRYPTOGRAM_VERSIONS,
    CryptogramVersion,
    issuer_application_data,
)
from tokenvault.vocabulary.errors import FieldError

FORMAT = "tapwright-token-credentials-1"
APPLICATION_IDENTIFIER = "F0000054415057"
"""The AID of Tapwright's payment application: proprietary (F0, ISO/IEC 7816-5), then "TAPW" in ASCII."""
APPLICATION_INTERCHANGE_PROFILE = "1980"
"""Tag 82: cardholder verification, terminal risk management and issuer authentication are supported."""
CARD_VERIFICATION_RESULTS = bytes.fromhex("03A00000")
"""Tag 9F10, results: three bytes follow; the first GENERATE AC gave an ARQC. What a device says of one payment it sets
itself, see `cryptogram_versions.with_results`."""
SERVICE_CODE = "201"
"""International, chip, normal authorization (ISO/IEC 7813)."""


@dataclass(frozen=True)
class LimitedUseKey:
    """A key for a few taps, in place of the card key.

    index: YHHHHCC, which tag 9F10 ends with.  key: secret, 16 bytes as hexadecimal; it signs by itself, without a
    session key.  ends_at: Unix seconds.  uses: taps.  refill_at: taps left when the phone should ask for the next.
    """

    index: str
    key: str
    ends_at: int
    uses: int
    refill_at: int

    def __repr__(self) -> str:
        return f"LimitedUseKey({self.index})"


@dataclass(frozen=True)
class TokenCredentials:
    """Everything a phone needs to pay with a token.

    token_pan: digits.  expiry: YYMM.  issuer_application_data: tag 9F10, hexadecimal.
    card_key: secret, 16 bytes as hexadecimal, for a secure element; limited_use_key in its place where the phone
    emulates a card.
    """

    token_id: str
    token_pan: str
    pan_sequence_number: str
    expiry: str
    service_code: str
    payment_account_reference: str
    token_requestor_id: str
    application_identifier: str
    application_interchange_profile: str
    issuer_application_data: str
    card_key: str | None = None
    limited_use_key: LimitedUseKey | None = None
    format: str = FORMAT

    def __repr__(self) -> str:
        return f"TokenCredentials({self.token_id})"

    @property
    def cryptogram_version(self) -> CryptogramVersion:
        """The version named in the issuer application data."""
        return TOKEN_CRYPTOGRAM_VERSIONS[bytes.fromhex(self.issuer_application_data)[2]]

    def encode(self) -> bytes:
        """One JSON object in UTF-8, without members that are None; secret."""
        told = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps(told, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, plaintext: bytes) -> "TokenCredentials":
        """Read what `encode` wrote. Raises: FieldError for anything else."""
        try:
            values = json.loads(plaintext)
            if values.get("format") != FORMAT:
                raise FieldError("format", f"is not {FORMAT}")
            limited = values.pop("limited_use_key", None)
            return cls(**values, limited_use_key=None if limited is None else LimitedUseKey(**limited))
        except FieldError:
            raise
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise FieldError("credentials", "must be a JSON object with the members of token credentials") from None


def token_issuer_data(version: CryptogramVersion, key_index: int, limited_use_key: str | None = None) -> bytes:
    """Tag 9F10 of a token, 7 bytes: ``06 | key index | cryptogram version | 03 A0 00 00``.

    With a limited-use key 11 bytes: ``0A`` in front, and its index as packed digits, 0YHHHHCC, at the end.
    """
    return issuer_application_data(version, key_index, CARD_VERIFICATION_RESULTS, limited_use_key)
