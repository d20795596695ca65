"""``/v1/customers``: who may apply for a card."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from tokenvault.callers.caller import Scope
from tokenvault.cards.segments import LIFE_STAGES, UNKNOWN_LIFE_STAGE
from tokenvault.customers import customers
from tokenvault.customers.identity import DocumentKind, IdentityDocument
from tokenvault.http.fields.fields import Body, CountryCode, CustomerId, Timestamp, View, timestamp
from tokenvault.http.fields.paging import Limit, Page, StartingAfter, page
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import VaultDependency, requires

router = APIRouter(prefix="/v1/customers", tags=["applications"])
_ISSUER = [requires(Scope.ISSUER)]

CustomerReference = Annotated[
    str,
    Field(
        description="Your own name of the customer; no personal data.",
        examples=["C-1042"],
        min_length=1,
        max_length=64,
    ),
]


class IdentityDocumentBody(Body):
    """What the customer has identified with. The number is kept as a keyed hash only."""

    kind: Annotated[DocumentKind, Field(strict=False)] = Field(description="Kind of document.", examples=["passport"])
    country: CountryCode = Field(description="Country that issued it, ISO 3166-1 numeric.", examples=["156"])
    number: str = Field(
        description="Number of the document; never shown again. `force_approved`, `force_in_review`, "
        "`force_declined` and `force_score_720` force an outcome or a score; text after a further `_` makes them "
        "another customer's.",
        examples=["E12345678"],
        min_length=1,
        max_length=64,
        pattern="^[A-Za-z0-9 _-]*[A-Za-z0-9][A-Za-z0-9 _-]*$",
    )

    def told(self) -> IdentityDocument:
        """For the use case."""
        return IdentityDocument(self.kind, self.country, self.number)


class CustomerRequest(Body):
    """What a new customer needs."""

    identity_document: IdentityDocumentBody = Field(
        description="What the customer has identified with.",
        examples=[{"kind": "passport", "country": "156", "number": "E12345678"}],
    )
    birth_date: Annotated[date, Field(strict=False)] = Field(
        description="Date of birth, RFC 3339.", examples=["1990-05-17"]
    )
    reference: CustomerReference | None = Field(
        None, description="Your own name of the customer; no personal data.", examples=["C-1042"]
    )
    life_stage: int = Field(
        UNKNOWN_LIFE_STAGE,
        description="Stage of life, 1 to 15 with a meaning of your own; 0 if it is not known. The customer's new "
        "accounts have it.",
        examples=[3],
        ge=LIFE_STAGES[0],
        le=LIFE_STAGES[-1],
    )


class CustomerView(View):
    """A customer. Neither name nor identity document are kept."""

    id: CustomerId
    reference: CustomerReference | None = Field(
        description="Your own name of the customer, null if there is none.", examples=["C-1042"]
    )
    birth_date: date = Field(description="Date of birth, RFC 3339.", examples=["1990-05-17"])
    life_stage: int = Field(description="Stage of life; 0 if it is not known.", examples=[3])
    created_at: Timestamp

    @classmethod
    def of(cls, customer: customers.Customer) -> "CustomerView":
        """Show a customer."""
        return cls(
            id=customer.text_id,
            reference=customer.reference,
            birth_date=customer.birth_date,
            life_stage=customer.life_stage,
            created_at=timestamp(customer.created_at),
        )


@router.post("", status_code=201, dependencies=_ISSUER, responses=problem.responses(409))
def register_customer(vault: VaultDependency, body: CustomerRequest) -> CustomerView:
    """Register a customer by an identity document that no other of your customers has. Scope: issuer."""
    customer = customers.register_customer(
        vault,
        document=body.identity_document.told(),
        birth_date=body.birth_date,
        reference=body.reference,
        life_stage=body.life_stage,
    )
    return CustomerView.of(customer)


@router.get("", dependencies=_ISSUER, responses=problem.responses(404))
def list_customers(
    vault: VaultDependency,
    limit: Limit = 20,
    starting_after: StartingAfter = None,
    reference: Annotated[
        str | None, Query(description="Only those with this name of yours.", examples=["C-1042"])
    ] = None,
) -> Page[CustomerView]:
    """List customers, the newest first. Scope: issuer."""
    rows = customers.list_customers(vault, limit=limit + 1, starting_after=starting_after, reference=reference)
    return page(rows, limit, CustomerView.of)


@router.get("/{customer_id}", dependencies=_ISSUER, responses=problem.responses(404))
def read_customer(vault: VaultDependency, customer_id: CustomerId) -> CustomerView:
    """Read a customer. Scope: issuer."""
    return CustomerView.of(customers.find_customer(vault, customer_id))
