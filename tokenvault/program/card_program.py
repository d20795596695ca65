"""The card program of a vault: PAN ranges, validity, token requestors, trusted manufacturers. Configuration only."""

from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509

from tokenvault.outgoing.internet_addresses import LOOPBACK, Network
from tokenvault.program.token_domain import TokenDomain
from tokenvault.vocabulary.errors import FieldError
from tokenvault.vocabulary.pan import PanRange

TOKEN_SERVICE_PROVIDER_DIGITS = 3


class RequestorKind(StrEnum):
    """What asks for tokens."""

    WALLET = "wallet"
    MERCHANT = "merchant"


@dataclass(frozen=True)
class TokenRequestor:
    """A wallet or merchant that may ask for tokens.

    identifier: 11 digits, the first three the token service provider's code (EMVCo Payment Tokenisation Framework).
    domain: where its tokens may be used at most.
    """

    identifier: str
    name: str
    domain: TokenDomain
    kind: RequestorKind = RequestorKind.WALLET

    def __post_init__(self) -> None:
        if not (len(self.identifier) == 11 and self.identifier.isascii() and self.identifier.isdigit()):
            raise FieldError("token_requestor_id", "must have 11 digits")
        if self.kind is RequestorKind.MERCHANT and self.domain.merchant_id is None:
            raise FieldError("merchant_id", "is required for a merchant")


class PanGeneration(StrEnum):
    """How token PANs are chosen from their range."""

    RANDOM = "random"
    FORMAT_PRESERVING = "ff1"


@dataclass(frozen=True)
class LimitedUse:
    """What a limited-use key is good for. lifetime_seconds.  uses: taps.  refill_at: taps left when to replenish."""

    lifetime_seconds: int = 24 * 3600
    uses: int = 10
    refill_at: int = 3


@dataclass(frozen=True)
class CardProgram:
    """What a vault issues, and for whom.

    card_validity_months and token_validity_months: from the month of issue; tokens have an expiry of their own.
    par_prefix: BIN controller identifier in front of a payment account reference, 4 characters.
    token_requestors: those that are there from the start.
    service_provider_code: first digits of new token requestors' identifiers.
    withdrawn_key_blocks: whether keys may come in as key blocks of versions A and C (TR-31).
    webhook_networks: those that webhooks may go to although they are not public.
    """

    funding_range: PanRange
    token_range: PanRange
    token_requestors: tuple[TokenRequestor, ...]
    manufacturer_roots: tuple[x509.Certificate, ...]
    par_prefix: str
    service_provider_code: str = "999"
    card_validity_months: int = 60
    token_validity_months: int = 36
    pan_generation: PanGeneration = PanGeneration.RANDOM
    limited_use: LimitedUse = LimitedUse()
    withdrawn_key_blocks: bool = False
    webhook_networks: tuple[Network, ...] = LOOPBACK

    def __post_init__(self) -> None:
        if self.funding_range.overlaps(self.token_range):
            raise FieldError("token_range", "overlaps the funding range: a token PAN could equal a live PAN")
