"""The card program that a vault serves: ranges, validity, wallets, trusted makers. Configuration, not data."""

from dataclasses import dataclass

from cryptography import x509

from tokenvault.errors import FieldError
from tokenvault.pan import PanRange


@dataclass(frozen=True)
class TokenRequestor:
    """A wallet (or merchant) that may ask for tokens.

    identifier: 11 digits, the first three the token service provider's code (EMVCo Payment Tokenisation Framework).
    channels: where its tokens may be used; the token's domain restriction control.
    """

    identifier: str
    name: str
    channels: frozenset[str]

    def __post_init__(self) -> None:
        if not (len(self.identifier) == 11 and self.identifier.isascii() and self.identifier.isdigit()):
            raise FieldError("token_requestor_id", "has 11 digits")


@dataclass(frozen=True)
class Program:
    """What a vault issues, and for whom.

    card_validity_months and token_validity_months: from the month of issue; tokens have an expiry of their own.
    par_prefix: BIN controller identifier in front of a payment account reference, 4 characters.
    """

    funding_range: PanRange
    token_range: PanRange
    token_requestors: tuple[TokenRequestor, ...]
    manufacturer_roots: tuple[x509.Certificate, ...]
    par_prefix: str
    card_validity_months: int = 60
    token_validity_months: int = 36

    def __post_init__(self) -> None:
        if self.funding_range.overlaps(self.token_range):
            raise FieldError("token_range", "overlaps the funding range: a token PAN could equal a live PAN")

    def token_requestor(self, identifier: str) -> TokenRequestor:
        """The requestor with this identifier. Raises: FieldError."""
        for requestor in self.token_requestors:
            if requestor.identifier == identifier:
                return requestor
        raise FieldError("token_requestor_id", "is not registered with this token service")
