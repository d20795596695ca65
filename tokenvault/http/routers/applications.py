"""``/v1/applications``: applications for cards, and the answers of the issuer's desk."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field, model_validator

from tokenvault.callers.caller import Scope
from tokenvault.cards.accounts import AMOUNT_MINOR_MAX
from tokenvault.cards.products import CUT_DAYS, PRODUCTS
from tokenvault.customers import applications, applying, approval, reviewing
from tokenvault.customers.credit_decision import Party
from tokenvault.http.fields.fields import ApplicationId, Body, CustomerId, Timestamp, View, timestamp
from tokenvault.http.fields.paging import Limit, Page, StartingAfter, page
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import VaultDependency, requires
from tokenvault.vocabulary.identifiers import Prefix, to_text

router = APIRouter(prefix="/v1/applications", tags=["applications"])
_ISSUER = [requires(Scope.ISSUER)]

CreditLimit = Annotated[
    int,
    Field(description="Credit limit, minor units of `currency`.", examples=[2000000], ge=0, le=AMOUNT_MINOR_MAX),
]
ProductNumber = Annotated[
    int,
    Field(description="Number of a product of the program.", examples=[1], ge=PRODUCTS[1], le=PRODUCTS[-1]),
]
CutDay = Annotated[
    int,
    Field(description="Day of the month on which statements are cut.", examples=[5], ge=CUT_DAYS[0], le=CUT_DAYS[-1]),
]
Channel = Annotated[
    str,
    Field(
        description="Where the customer applies, by a name of yours.", examples=["app"], pattern="^[a-z0-9_-]{1,32}$"
    ),
]
City = Annotated[
    str, Field(description="Where the customer lives.", examples=["Shanghai"], min_length=1, max_length=64)
]


class DeviceFactsBody(Body):
    """What your app knows of the device that the customer applies on."""

    id: str | None = Field(
        None,
        description="Your app's name of the device, kept as a keyed hash: applications from one device are counted.",
        examples=["install-7d1f"],
        min_length=1,
        max_length=128,
    )
    score: int | None = Field(None, description="How far it is trusted: 1 (least) to 5.", examples=[5], ge=1, le=5)
    is_compromised: bool = Field(False, description="Whether it is rooted, or emulated.", examples=[False])


class ApplicationBody(Body):
    """What is applied for, by whom, where and how."""

    customer_id: CustomerId
    product: ProductNumber
    channel: Channel
    city: City
    cut_day: CutDay | None = Field(
        None, description="Day of the month on which statements are cut; 1 if none is given.", examples=[5]
    )
    device: DeviceFactsBody = Field(
        default_factory=lambda: DeviceFactsBody.model_validate({}),
        description="What your app knows of the device.",
        examples=[{"id": "install-7d1f", "score": 5}],
    )

    def told(self) -> applying.ApplicationRequest:
        """For the use case."""
        return applying.ApplicationRequest(
            customer_id=self.customer_id,
            product=self.product,
            channel=self.channel,
            city=self.city,
            cut_day=self.cut_day,
            device=self.device.id,
            device_score=self.device.score,
            device_is_compromised=self.device.is_compromised,
        )


class AnswerBody(Body):
    """What the desk says."""

    decision: Literal["approved", "declined"] = Field(description="`approved` or `declined`.", examples=["approved"])
    credit_limit: CreditLimit | None = Field(
        None,
        description="With an approval: the limit that is granted, minor units; the application's own "
        "`credit_limit` if none is given.",
        examples=[300000],
    )

    @model_validator(mode="after")
    def _has_a_limit_only_with_an_approval(self) -> "AnswerBody":
        if self.decision == "declined" and self.credit_limit is not None:
            raise ValueError("credit_limit is for approvals only")
        return self


class ApplicationView(View):
    """An application and what became of it."""

    id: ApplicationId
    customer_id: CustomerId
    product: ProductNumber
    cut_day: CutDay
    channel: Channel
    city: City
    state: applications.ApplicationState = Field(
        description="`approved`, `declined`, `in_review` by your desk, or `expired`: not answered in time.",
        examples=["approved"],
    )
    votes: dict[Party, Literal["green", "yellow", "red"]] = Field(
        description="Vote of each party: any red declines, any yellow leaves the application to the desk.",
        examples=[{"policy": "green", "bureau": "green", "device": "green"}],
    )
    reasons: list[str] = Field(description="Why it was declined, or had to be reviewed.", examples=[["city_not_open"]])
    score: int = Field(description="The bureau's score of the customer, 300 to 850.", examples=[720])
    currency: str = Field(description="ISO 4217 code of the account.", examples=["CNY"])
    credit_limit: CreditLimit | None = Field(
        description="What is granted, or proposed to the desk, in minor units; null for a decline.",
        examples=[2000000],
    )
    decided_by: applications.Decider | None = Field(
        description="`decision`, `desk`, or `time` for one that expired; null in a review.", examples=["decision"]
    )
    decided_at: Timestamp | None = Field(
        description="When it was decided, RFC 3339 in UTC; null in a review.", examples=["2026-11-24T10:15:00Z"]
    )
    review_until: Timestamp | None = Field(
        description="Until when your desk may answer; null if no review was needed.", examples=[None]
    )
    account_id: str | None = Field(
        description="The account that was opened; null without an approval.", examples=["acct_06R8C3N5VZQ4T"]
    )
    card_id: str | None = Field(
        description="The card that was issued; null without an approval.", examples=["card_0J9ZP2M7K4B1X"]
    )
    created_at: Timestamp

    @classmethod
    def of(cls, application: applications.Application) -> "ApplicationView":
        """Show an application."""
        return cls.model_validate(_shown(application))


class DecidedView(ApplicationView):
    """An application after a decision, with what puts the card into a phone."""

    push_payload: str | None = Field(
        description="With an approval: signed (JWS, ES256), good for one token and a quarter of an hour; a wallet "
        "sends it in place of `card_id`. Afterwards: `POST /v1/cards/{id}/push_payloads`.",
        examples=["eyJhbGciOiJFUzI1NiIsInR5cCI6InRhcHdyaWdodC1wdXNo..."],
    )
    push_payload_expires_at: Timestamp | None = Field(
        description="Until when the payload can be used, RFC 3339 in UTC; null without an approval.",
        examples=["2026-11-24T10:30:00Z"],
    )

    @classmethod
    def after(cls, decided: approval.Decided) -> "DecidedView":
        """Show an application and its payload."""
        payload = decided.payload
        return cls.model_validate(
            _shown(decided.application)
            | {
                "push_payload": None if payload is None else payload.payload,
                "push_payload_expires_at": None if payload is None else timestamp(payload.expires_at),
            }
        )


def _shown(application: applications.Application) -> dict[str, object]:
    times = {name: getattr(application, name) for name in ("decided_at", "review_until", "created_at")}
    return application.__dict__ | {
        "id": application.text_id,
        "customer_id": to_text(Prefix.CUSTOMER, application.customer_id),
        "credit_limit": application.credit_limit_minor,
        "account_id": applications.text_or_none(Prefix.ACCOUNT, application.account_id),
        "card_id": applications.text_or_none(Prefix.CARD, application.card_id),
        **{name: None if seconds is None else timestamp(seconds) for name, seconds in times.items()},
    }


@router.post("", status_code=201, dependencies=_ISSUER, responses=problem.responses(404, 409))
def apply(vault: VaultDependency, body: ApplicationBody) -> DecidedView:
    """Apply for a card, and have it decided at once: an approval opens the account and issues the card. Scope: issuer.

    The answer to an approval has a payload that puts the card straight into a phone.
    """
    return DecidedView.after(applying.apply(vault, body.told()))


@router.get("", dependencies=_ISSUER, responses=problem.responses(404))
def list_applications(
    vault: VaultDependency,
    limit: Limit = 20,
    starting_after: StartingAfter = None,
    state: Annotated[
        Literal["approved", "declined", "in_review", "expired"] | None,
        Query(description="Only those in this state.", examples=["in_review"]),
    ] = None,
    customer_id: Annotated[
        str | None, Query(description="Only those of this customer.", examples=["cust_02D7R5K9W3M6P"])
    ] = None,
) -> Page[ApplicationView]:
    """List applications, the newest first: those `in_review` are your desk's queue. Scope: issuer."""
    rows = reviewing.list_applications(
        vault,
        limit=limit + 1,
        starting_after=starting_after,
        state=None if state is None else applications.ApplicationState(state),
        customer_id=customer_id,
    )
    return page(rows, limit, ApplicationView.of)


@router.get("/{application_id}", dependencies=_ISSUER, responses=problem.responses(404))
def read_application(vault: VaultDependency, application_id: ApplicationId) -> ApplicationView:
    """Read an application. Scope: issuer."""
    return ApplicationView.of(reviewing.find_application(vault, application_id))


@router.post("/{application_id}/answer", dependencies=_ISSUER, responses=problem.responses(404, 409))
def answer_application(vault: VaultDependency, application_id: ApplicationId, body: AnswerBody) -> DecidedView:
    """Answer an application that is in review: approve it, with a limit of your own if need be, or decline it.

    Scope: issuer.
    """
    if body.decision == "approved":
        return DecidedView.after(reviewing.approve_in_review(vault, application_id, body.credit_limit))
    return DecidedView.after(reviewing.decline_in_review(vault, application_id))
