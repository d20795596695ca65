"""``/v1/application_policy``: how an issuer decides on applications for its cards."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from tokenvault.callers.caller import Scope
from tokenvault.cards.accounts import AMOUNT_MINOR_MAX
from tokenvault.customers import application_policies
from tokenvault.customers.credit_decision import CreditPolicy, ScoreBand
from tokenvault.http.fields.fields import Body, CurrencyCode
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import VaultDependency, requires
from tokenvault.vocabulary.votes import Vote

router = APIRouter(prefix="/v1/application_policy", tags=["applications"])
_ISSUER = [requires(Scope.ISSUER)]

_DEFAULTS = application_policies.ApplicationPolicy()
_YEAR_SECONDS = 365 * 24 * 3600
DeviceScore = Annotated[int, Field(ge=0, le=5)]
Threshold = Annotated[int, Field(ge=1, le=1_000_000)]
PlaceName = Annotated[str, Field(min_length=1, max_length=64)]


class ScoreBandBody(Body):
    """What scores from one up to the next band get."""

    score_min: int = Field(description="The least score of the band.", examples=[700], ge=0, le=999)
    vote: Literal["green", "yellow"] = Field(
        description="`green` approves, `yellow` leaves the application to the desk.", examples=["green"]
    )
    credit_limit: int = Field(
        description="What is granted, or proposed to the desk; minor units of `currency`.",
        examples=[2000000],
        ge=0,
        le=AMOUNT_MINOR_MAX,
    )

    @classmethod
    def of(cls, band: ScoreBand) -> "ScoreBandBody":
        """Show a band."""
        vote: Literal["green", "yellow"] = "green" if band.vote is Vote.GREEN else "yellow"
        return cls(score_min=band.score_min, vote=vote, credit_limit=band.credit_limit_minor)

    def told(self) -> ScoreBand:
        """For the use case."""
        return ScoreBand(self.score_min, Vote[self.vote.upper()], self.credit_limit)


class ApplicationPolicyBody(Body):
    """The whole policy; what is left out is as it was delivered."""

    open_cities: list[PlaceName] = Field(
        list(_DEFAULTS.credit.open_cities),
        description="Cities whose inhabitants may apply, however they are capitalized; if empty, all.",
        examples=[["Shanghai"]],
        max_length=1_000,
    )
    open_channels: list[PlaceName] = Field(
        list(_DEFAULTS.credit.open_channels),
        description="Channels where customers may apply; if empty, all.",
        examples=[["app"]],
        max_length=100,
    )
    age_min: int = Field(
        _DEFAULTS.credit.age_min, description="Younger customers are declined.", examples=[18], ge=0, le=120
    )
    score_bands: list[ScoreBandBody] = Field(
        default_factory=lambda: [ScoreBandBody.of(band) for band in _DEFAULTS.credit.score_bands],
        description="What scores get, the highest band first; lower scores than the last are declined.",
        examples=[[{"score_min": 700, "vote": "green", "credit_limit": 2000000}]],
        min_length=1,
        max_length=100,
    )
    device_score_red: DeviceScore = Field(
        _DEFAULTS.credit.device_score_red, description="Device scores up to this are red.", examples=[1]
    )
    device_score_yellow: DeviceScore = Field(
        _DEFAULTS.credit.device_score_yellow, description="Device scores up to this are yellow.", examples=[2]
    )
    applications_of_device_yellow: Threshold = Field(
        _DEFAULTS.credit.applications_of_device_yellow,
        description="This number of earlier applications from the device within a day, or more, is yellow.",
        examples=[3],
    )
    applications_of_device_red: Threshold = Field(
        _DEFAULTS.credit.applications_of_device_red,
        description="This number of earlier applications from the device within a day, or more, is red.",
        examples=[10],
    )
    currency: CurrencyCode = Field(
        _DEFAULTS.currency, description="ISO 4217 code of new accounts and of the limits here.", examples=["CNY"]
    )
    review_seconds: int = Field(
        _DEFAULTS.review_seconds,
        description="For how many seconds the desk may answer an application.",
        examples=[604800],
        ge=1,
        le=_YEAR_SECONDS,
    )

    def told(self) -> application_policies.ApplicationPolicy:
        """For the use case."""
        parts: dict[str, Any] = self.model_dump(exclude={"currency", "review_seconds", "version"})
        parts |= {name: tuple(parts[name]) for name in ("open_cities", "open_channels")}
        parts["score_bands"] = tuple(band.told() for band in self.score_bands)
        return application_policies.ApplicationPolicy(CreditPolicy(**parts), self.currency, self.review_seconds)


class ApplicationPolicyView(ApplicationPolicyBody):
    """The policy in force."""

    version: int = Field(description="Version, increased with each change; 0 is the default policy.", examples=[1])

    @classmethod
    def of(cls, policy: application_policies.ApplicationPolicy) -> "ApplicationPolicyView":
        """Show a policy."""
        told = policy.credit.__dict__ | {
            "open_cities": list(policy.credit.open_cities),
            "open_channels": list(policy.credit.open_channels),
            "score_bands": [ScoreBandBody.of(band) for band in policy.credit.score_bands],
            "currency": policy.currency,
            "review_seconds": policy.review_seconds,
            "version": policy.version,
        }
        return cls.model_validate(told)


@router.get("", dependencies=_ISSUER, responses=problem.responses())
def read_application_policy(vault: VaultDependency) -> ApplicationPolicyView:
    """Read your application policy. Scope: issuer."""
    return ApplicationPolicyView.of(application_policies.current_policy(vault))


@router.put("", dependencies=_ISSUER, responses=problem.responses())
def set_application_policy(vault: VaultDependency, body: ApplicationPolicyBody) -> ApplicationPolicyView:
    """Set your application policy for all further applications. Scope: issuer."""
    return ApplicationPolicyView.of(application_policies.set_policy(vault, body.told()))
