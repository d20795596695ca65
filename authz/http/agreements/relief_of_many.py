"""``/v1/relief``: what is due is put off for all accounts of a product, or of a segment of it."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from authz.http.agreements.agreed_terms import is_waived_by, terms_in_force
from authz.http.agreements.relief import ReliefRequest
from authz.http.books.bank_commands import carried_out
from authz.http.surroundings import EngineDependency
from authz.program.terms import NUMBERS
from authz.state.tables import Counter
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import ANY_SEGMENT, SEGMENTS, new_command
from tokenvault.vocabulary.errors import FieldError

router = APIRouter(prefix="/v1/relief", tags=["books"])
SCOPES = ("sandbox",)
STATUSES = ()

_ROWS_TOGETHER = 16_384
"""So many rows of accounts are relieved with one command, between batches of payments."""


class ReliefOfManyRequest(ReliefRequest):
    """Who is relieved, and how. Only accounts that owe something are."""

    product: int = Field(ge=NUMBERS.start, lt=NUMBERS.stop, description="Accounts with this product.", examples=[1])
    segment: int | None = Field(
        None,
        ge=SEGMENTS.start,
        lt=SEGMENTS.stop,
        description="Of them, those in this segment; left out for all.",
        examples=[7],
    )


class ReliefOfManyView(BaseModel):
    """What came of it."""

    accounts: int = Field(
        description="How many accounts were relieved: those that owe something, and whose due day was not as late.",
        examples=[2330000],
    )


@router.post("", status_code=201)
async def relieve_accounts(engine: EngineDependency, body: ReliefOfManyRequest) -> ReliefOfManyView:
    """Put off what is due for all accounts of a product, or of a segment of it, that owe something. Scope: sandbox.

    Accounts are relieved range by range; payments are answered meanwhile.
    """
    if body.product not in {each.number for each in engine.document.products}:
        raise FieldError("product", f"the program has no product {body.product}")
    is_waived = is_waived_by(terms_in_force(engine, body.product, body.segment or 0), body.months, body.interest)
    row = relieved = 0
    while row < engine.state.counters[Counter.ACCOUNTS]:
        command = new_command(
            Kind.RELIEVE_RANGE,
            first_row=row,
            rows=_ROWS_TOGETHER,
            product=body.product,
            of_segment=ANY_SEGMENT if body.segment is None else body.segment,
            months=body.months,
            is_waived=is_waived,
        )
        result = (await carried_out(engine, command, "relief"))[0]
        row += int(result["rows_closed"])
        relieved += int(result["rows_relieved"])
    return ReliefOfManyView(accounts=relieved)
