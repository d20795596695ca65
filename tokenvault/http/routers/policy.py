"""``/v1/provisioning_policy``, terms and card art: how provisioning decides, and what a wallet displays."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from tokenvault.callers.caller import Scope
from tokenvault.http.fields.fields import Body, CountryCode
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import VaultDependency, requires
from tokenvault.provisioning import policies
from tokenvault.provisioning.decision import ProvisioningPolicy, WalletReason
from tokenvault.vocabulary.votes import Vote

router = APIRouter(prefix="/v1", tags=["provisioning policy"])

_DEFAULTS = policies.Policy()
VoteName = Literal["green", "yellow", "red"]
Threshold = Annotated[int, Field(ge=0, le=1_000_000)]
Color = Annotated[str, Field(pattern="^[0-9A-F]{6}$")]


_VOTE_NAMES: dict[Vote, VoteName] = {Vote.GREEN: "green", Vote.YELLOW: "yellow", Vote.RED: "red"}


def _names(votes: Mapping[WalletReason, Vote]) -> dict[WalletReason, VoteName]:
    return {reason: _VOTE_NAMES[vote] for reason, vote in votes.items()}


class ProvisioningBody(Body):
    """What produces a yellow or red provisioning decision input: any red declines, any yellow asks for verification."""

    device_score_red: Threshold = Field(1, description="Device scores up to this are red.", examples=[1])
    device_score_yellow: Threshold = Field(2, description="Device scores up to this are yellow.", examples=[2])
    account_score_red: Threshold = Field(1, description="Account scores up to this are red.", examples=[1])
    account_score_yellow: Threshold = Field(2, description="Account scores up to this are yellow.", examples=[2])
    account_age_days_min: Threshold = Field(
        0, description="Wallet accounts younger than this number of days are yellow.", examples=[30]
    )
    tokens_on_device_max: Threshold = Field(
        20, description="This number of tokens on the device, or more, is yellow.", examples=[20]
    )
    tokens_of_card_max: Threshold = Field(
        20, description="This number of live tokens of the card, or more, is red.", examples=[20]
    )
    recent_requests_yellow: Threshold = Field(
        10, description="This number of requests for the card within a day, or more, is yellow.", examples=[10]
    )
    recent_requests_red: Threshold = Field(
        50, description="This number of requests within a day, or more, is red.", examples=[50]
    )
    expected_countries: list[CountryCode] = Field(
        [],
        description="Devices in other countries are yellow; if empty, no country is.",
        examples=[["276"]],
        max_length=250,
    )
    issuer_always_verifies: bool = Field(False, description="The issuer's input is always yellow.", examples=[False])
    verifies_entry_by_hand: bool = Field(True, description="Manually entered cards are yellow.", examples=[True])
    wallet_reasons: dict[Annotated[WalletReason, Field(strict=False)], VoteName] = Field(
        default_factory=lambda: _names(_DEFAULTS.provisioning.wallet_reasons),
        description="The decision input that each wallet reason produces; missing reasons are green.",
        examples=[{"device_recently_lost": "red"}],
    )


class VerificationBody(Body):
    """Validity and limits of one-time codes."""

    code_seconds: int = Field(600, description="Seconds until a code expires.", examples=[600], ge=1, le=86_400)
    attempts: int = Field(3, description="Number of wrong codes that declines the request.", examples=[3], ge=1, le=20)
    resends: int = Field(3, description="Number of codes that can be sent after the first.", examples=[3], ge=0, le=20)


class TermsBody(Body):
    """The terms that a cardholder must accept."""

    version: str = Field("2026-01", description="Version.", examples=["2026-01"], min_length=1, max_length=16)
    text: str = Field(
        _DEFAULTS.terms.text, description="The terms.", examples=["Sandbox terms."], min_length=1, max_length=20_000
    )


class ProductBody(Body):
    """What a wallet shows of the card."""

    name: str = Field(_DEFAULTS.product.name, description="Name.", examples=["Card"], min_length=1, max_length=32)
    issuer_name: str = Field(
        _DEFAULTS.product.issuer_name, description="Issuer.", examples=["Bank"], min_length=1, max_length=32
    )
    background_color: Color = Field(_DEFAULTS.product.background_color, description="RRGGBB.", examples=["123A5E"])
    foreground_color: Color = Field(_DEFAULTS.product.foreground_color, description="RRGGBB.", examples=["FFFFFF"])
    support_phone: str = Field(
        _DEFAULTS.product.support_phone,
        description="Contact for the cardholder.",
        examples=["+4930000000"],
        max_length=20,
    )


class PolicyBody(Body):
    """The whole policy; what is left out is as it was delivered."""

    provisioning: ProvisioningBody = Field(
        default_factory=lambda: ProvisioningBody.model_validate({}),
        description="Thresholds of the provisioning decision.",
        examples=[{"device_score_red": 1}],
    )
    verification: VerificationBody = Field(
        default_factory=lambda: VerificationBody.model_validate({}),
        description="Validity and limits of one-time codes.",
        examples=[{"attempts": 3}],
    )
    terms: TermsBody = Field(
        default_factory=lambda: TermsBody.model_validate({}),
        description="What the cardholder must accept.",
        examples=[{"version": "2026-01"}],
    )
    product: ProductBody = Field(
        default_factory=lambda: ProductBody.model_validate({}),
        description="The product that the wallet displays.",
        examples=[{"name": "Tapwright Card"}],
    )

    def told(self) -> policies.Policy:
        """For the use case."""
        votes = {reason: Vote[vote.upper()] for reason, vote in self.provisioning.wallet_reasons.items()}
        values = self.provisioning.model_dump(exclude={"wallet_reasons", "expected_countries"})
        return policies.Policy(
            ProvisioningPolicy(
                **values, wallet_reasons=votes, expected_countries=tuple(self.provisioning.expected_countries)
            ),
            policies.VerificationPolicy(**self.verification.model_dump()),
            policies.Terms(**self.terms.model_dump()),
            policies.Product(**self.product.model_dump()),
        )


class PolicyView(PolicyBody):
    """The policy in force."""

    version: int = Field(description="Version, increased with each change; 0 is the default policy.", examples=[1])

    @classmethod
    def of(cls, policy: policies.Policy) -> "PolicyView":
        """Show a policy."""
        told = asdict(policy)
        told["provisioning"]["wallet_reasons"] = _names(policy.provisioning.wallet_reasons)
        told["provisioning"]["expected_countries"] = list(policy.provisioning.expected_countries)
        return cls.model_validate(told)


@router.get("/provisioning_policy", dependencies=[requires(Scope.ISSUER, Scope.WALLET)], responses=problem.responses())
def read_policy(vault: VaultDependency) -> PolicyView:
    """Read the policy in force. Scope: issuer or wallet."""
    return PolicyView.of(policies.current_policy(vault))


@router.put("/provisioning_policy", dependencies=[requires(Scope.SANDBOX)], responses=problem.responses())
def set_policy(vault: VaultDependency, body: PolicyBody) -> PolicyView:
    """Set the provisioning policy for all further requests. Scope: sandbox."""
    return PolicyView.of(policies.set_policy(vault, body.told()))


@router.get(
    "/product_art.svg",
    dependencies=[requires(Scope.WALLET, Scope.ISSUER)],
    response_class=Response,
    # Named in words: generators of clients know no content but JSON, text and bytes.
    responses={200: {"description": "The picture, `image/svg+xml`."}, **problem.responses()},
)
def read_product_art(vault: VaultDependency) -> Response:
    """Read the card art. Scope: wallet or issuer."""
    return Response(policies.product_art(policies.current_policy(vault).product), media_type="image/svg+xml")
