"""Representations of tokens and of token requests."""

from typing import Annotated, Literal

from pydantic import Field

from tokenvault.http.fields.fields import (
    AmountMinor,
    Body,
    CardId,
    CompactJwe,
    CountryCode,
    DeviceId,
    Expiry,
    RequestorId,
    Timestamp,
    TokenId,
    View,
    timestamp,
)
from tokenvault.program.token_domain import DomainWish, TokenDomain
from tokenvault.provisioning.card_sources import CardSource
from tokenvault.provisioning.decision import Decision, Outcome, RiskInformation, WalletReason
from tokenvault.provisioning.policies import Policy
from tokenvault.provisioning.token_requests import TokenRequest
from tokenvault.tokens.lifecycle import Initiator, TokenState
from tokenvault.tokens.tokens import AssuranceMethod, Token, TokenLocation
from tokenvault.vocabulary.identifiers import Prefix, to_text

Profile = Annotated[
    Literal["aes", "tdes", "sm4"],
    Field(
        description=(
            "Cipher of the token's cryptograms: `aes` (EMV option C), `tdes` (EMV option B, CVN 18), or `sm4` "
            "(PBOC-like, our own; no conformance is claimed)."
        ),
        examples=["aes"],
    ),
]
ChannelName = Literal["contactless", "contact_chip", "magnetic_stripe", "e_commerce", "qr_code", "keyed"]
Score = Annotated[
    int | None, Field(description="1 (least trusted) to 5; null where not known.", examples=[4], ge=1, le=5)
]


class RiskBody(Body):
    """What the wallet knows of its account and its device; all of it optional."""

    device_score: Score = None
    account_score: Score = None
    recommendation: Outcome | None = Field(
        None, description="What the wallet recommends.", examples=["approved"], strict=False
    )
    reasons: list[Annotated[WalletReason, Field(strict=False)]] = Field(
        [], description="The wallet's reasons against the request.", examples=[["account_too_new"]], max_length=20
    )
    wallet_account_id: str | None = Field(
        None,
        description="The wallet's name for the account; `force_...` values are in `docs/test-values.md`.",
        examples=["9f2c1b"],
        max_length=64,
    )
    account_age_days: int | None = Field(
        None, description="Days since the wallet account was opened.", examples=[420], ge=0, le=100_000
    )
    tokens_on_device: int | None = Field(
        None, description="How many tokens of all issuers the device holds.", examples=[2], ge=0, le=10_000
    )
    country: CountryCode | None = Field(None, description="Where the device is (ISO 3166-1 numeric).", examples=["276"])
    device_language: str | None = Field(
        None, description="Language of the device (ISO 639-1).", examples=["de"], pattern="^[a-z]{2}$"
    )

    def told(self) -> RiskInformation:
        """For the decision."""
        return RiskInformation(**self.model_dump(exclude={"reasons"}), reasons=tuple(self.reasons))


class DomainBody(Body):
    """Where the token may be used, at most what the token requestor may."""

    channels: list[ChannelName] | None = Field(
        None,
        description="The allowed channels; `contactless` by default for a token on a device.",
        examples=[["contactless"]],
        min_length=1,
    )
    merchant_id: str | None = Field(
        None, description="The only merchant (DE 42).", examples=["SHOP00000000001"], min_length=1, max_length=15
    )
    countries: list[CountryCode] | None = Field(
        None, description="At most 4 countries (ISO 3166-1 numeric); empty for all.", examples=[["276"]]
    )
    transaction_limit: AmountMinor | None = Field(
        None, description="Maximum single amount, minor units of the account's currency.", examples=[50000]
    )

    def wish(self) -> DomainWish:
        """For the request."""
        return DomainWish(
            None if self.channels is None else frozenset(self.channels),
            self.merchant_id,
            None if self.countries is None else frozenset(self.countries),
            self.transaction_limit,
        )


class TokenRequestBody(Body):
    """Which card on which device, for whom. Exactly one of card_id, push_payload and sealed_card names the card."""

    card_id: CardId | None = Field(None, description="Identifier of a funding card.", examples=["card_0J9ZP2M7K4B1X"])
    push_payload: str | None = Field(
        None,
        description="What the issuer's app handed over, see `/v1/cards/{card_id}/push_payloads`.",
        examples=[None],
        max_length=2048,
    )
    sealed_card: CompactJwe | None = Field(
        None,
        description="Compact JWE of `pan`, `expiry` (YYMM) and `cvv2`, as typed in, to a key of `/v1/encryption_keys`.",
        examples=[None],
        max_length=4096,
    )
    token_requestor_id: RequestorId
    device_id: DeviceId | None = Field(
        None, description="The device that signs this call; left out by merchants.", examples=["dev_03TQ8H6W5N2RC"]
    )
    cryptogram_profile: Profile = "aes"
    location: TokenLocation | None = Field(
        None,
        description=(
            "Where keys are kept: `secure_element` (the default of wallets), `trusted_execution_environment`, "
            "`host_card_emulation` (limited-use keys), or `remote` (merchants on file)."
        ),
        examples=["secure_element"],
        strict=False,
    )
    domain: DomainBody = Field(
        default_factory=lambda: DomainBody.model_validate({}),
        description="The token's domain.",
        examples=[{"channels": ["contactless"]}],
    )
    risk: RiskBody = Field(
        default_factory=lambda: RiskBody.model_validate({}),
        description="The wallet's risk data.",
        examples=[{"device_score": 4}],
    )

    def asked(self) -> TokenRequest:
        """For the use case. Raises: FieldError."""
        default = TokenLocation.REMOTE if self.device_id is None else TokenLocation.SECURE_ELEMENT
        return TokenRequest(
            CardSource(self.card_id, self.push_payload, self.sealed_card),
            self.token_requestor_id,
            self.device_id,
            self.cryptogram_profile,
            self.location or default,
            self.domain.wish(),
            self.risk.told(),
        )


class ProvisioningDecisionView(View):
    """The provisioning decision."""

    outcome: Outcome = Field(description="The provisioning decision.", examples=["approved"])
    votes: dict[str, str] = Field(
        description="The decision inputs of wallet, network and issuer.",
        examples=[{"wallet": "green", "network": "green", "issuer": "green"}],
    )
    reasons: list[str] = Field(
        description="Why the request was declined or requires verification; empty if approved.", examples=[[]]
    )

    @classmethod
    def of(cls, decision: Decision) -> "ProvisioningDecisionView":
        """Show a decision."""
        votes = {str(party): vote.name.lower() for party, vote in decision.votes.items()}
        return cls(outcome=decision.outcome, votes=votes, reasons=[str(reason) for reason in decision.reasons])


class TermsView(View):
    """The terms that the cardholder must see and accept."""

    version: str = Field(description="Send it back as `terms_version`.", examples=["2026-01"])
    text: str = Field(description="The terms.", examples=["Sandbox terms: no money moves."])


class ProductView(View):
    """What a wallet shows of the card."""

    name: str = Field(description="Name of the product.", examples=["Tapwright Card"])
    issuer_name: str = Field(description="The issuer.", examples=["Tapwright Bank"])
    background_color: str = Field(description="RRGGBB.", examples=["123A5E"])
    foreground_color: str = Field(description="RRGGBB.", examples=["FFFFFF"])
    support_phone: str = Field(description="Contact for the cardholder.", examples=["+4930000000"])
    art_url: str = Field(description="URL of the card art (SVG).", examples=["/v1/product_art.svg"])

    @classmethod
    def of(cls, policy: Policy) -> "ProductView":
        """Show the product."""
        return cls(**policy.product.__dict__, art_url="/v1/product_art.svg")


class EligibilityView(View):
    """What would become of a request."""

    eligible: bool = Field(description="Whether the request would not be declined.", examples=[True])
    decision: ProvisioningDecisionView = Field(
        description="The decision as it stands now.", examples=[{"outcome": "approved", "votes": {}, "reasons": []}]
    )
    card_last4: str = Field(description="Last four digits of the funding PAN.", examples=["4242"])
    terms: TermsView = Field(
        description="What the cardholder must accept.", examples=[{"version": "2026-01", "text": "..."}]
    )
    product: ProductView = Field(description="The product to display.", examples=[{"name": "Tapwright Card"}])


class DomainView(View):
    """Where a token may be used (EMVCo token domain restriction controls)."""

    channels: list[ChannelName] = Field(description="The allowed channels.", examples=[["contactless"]])
    merchant_id: str | None = Field(description="The only merchant (DE 42), null for any.", examples=[None])
    countries: list[str] = Field(description="ISO 3166-1 numeric; empty for everywhere.", examples=[[]])
    transaction_limit: int | None = Field(
        description="Maximum single amount, minor units of the account's currency; null for none.", examples=[None]
    )

    @classmethod
    def of(cls, domain: TokenDomain) -> "DomainView":
        """Show a domain."""
        columns = domain.columns()
        return cls(transaction_limit=columns.pop("transaction_limit_minor"), **columns)


class TokenView(View):
    """A token. Its number and key reach only its device, see `/v1/tokens/{id}/activate`."""

    id: TokenId
    card_id: CardId
    device_id: DeviceId | None = Field(
        description="The device, null for the token of a merchant on file.", examples=["dev_03TQ8H6W5N2RC"]
    )
    token_requestor_id: RequestorId
    token_last4: str | None = Field(
        description="Last four digits of the token PAN; null until the request is approved.", examples=["0017"]
    )
    expiry: Expiry
    location: TokenLocation = Field(description="Storage location of its keys.", examples=["secure_element"])
    assurance_method: AssuranceMethod = Field(
        description="Token assurance method (EMVCo, two digits).", examples=["13"]
    )
    cryptogram_profile: Profile
    domain: DomainView = Field(
        description="Its domain.",
        examples=[{"channels": ["contactless"], "merchant_id": None, "countries": [], "transaction_limit": None}],
    )
    state: TokenState = Field(
        description="State in the token lifecycle; `requested` waits for verification.", examples=["inactive"]
    )
    suspended_by: list[Initiator] = Field(
        description="The initiators that have suspended it; each must resume it before it is active again.",
        examples=[[]],
    )
    decision: ProvisioningDecisionView = Field(
        description="The provisioning decision.", examples=[{"outcome": "approved", "votes": {}, "reasons": []}]
    )
    terms_version: str | None = Field(description="The terms that the cardholder accepted.", examples=["2026-01"])
    replaces: str | None = Field(
        description="The token that is deactivated when this one is activated.", examples=[None]
    )
    created_at: Timestamp

    @classmethod
    def of(cls, token: Token) -> "TokenView":
        """Show a token."""
        return cls(
            id=token.text_id,
            card_id=to_text(Prefix.CARD, token.card_id),
            device_id=None if token.device_id is None else to_text(Prefix.DEVICE, token.device_id),
            token_requestor_id=token.token_requestor_id,
            token_last4=token.token_pan[-4:] if token.token_pan else None,
            expiry=token.expiry,
            location=token.location,
            assurance_method=token.assurance_method,
            cryptogram_profile=token.cryptogram_profile,  # type: ignore[arg-type]
            domain=DomainView.of(token.domain),
            state=token.state,
            suspended_by=[Initiator(name) for name in token.suspended_by],
            decision=ProvisioningDecisionView(
                outcome=Outcome(token.decision), votes=token.votes, reasons=token.decision_reasons
            ),
            terms_version=token.terms_version,
            replaces=None if token.replaces_id is None else to_text(Prefix.TOKEN, token.replaces_id),
            created_at=timestamp(token.created_at),
        )
