"""``/v1/accounts/{id}/statements``: what an account owed when its statements were cut, and how that came about."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response

from authz.engine import Engine
from authz.history.book_rows import content_of, statements
from authz.history.history_rows import Row, RowQuery
from authz.history.projection import Projection
from authz.http.books.bank_commands import known_account
from authz.http.books.statement_page import PAGE_HEADERS, statement_page
from authz.http.books.statement_views import StatementList, StatementView, StatementWithLines
from authz.http.books.written_day import WrittenDay
from authz.http.media_types import PAGE, PDF, wanted
from authz.http.paging import AsOf, Limit, older_than, reached
from authz.http.sight import AccountId, SightDependency
from authz.http.surroundings import BankNameDependency, EngineDependency, ProjectionDependency
from authz.printing.statement_pdf import Statement, statement_pdf
from authz.state.account_books import account_books
from authz.state.account_terms import terms_in_segment
from authz.vocabulary.errors import HistoryUnavailable
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_text

router = APIRouter(prefix="/v1/accounts", tags=["books"])
SCOPES = ("issuer", "sandbox")
STATUSES = (404,)

StatementDay = Annotated[WrittenDay, Path(description="The day on which it was cut.", examples=["2027-01-05"])]


@router.get("/{account_id}/statements")
def list_statements(
    engine: EngineDependency,
    projection: ProjectionDependency,
    sight: SightDependency,
    account_id: AccountId,
    limit: Limit = 20,
    starting_after: Annotated[WrittenDay | None, older_than("2027-01-05")] = None,
    as_of: AsOf = None,
) -> StatementList:
    """List the statements of an account, the newest first. Scope: issuer or sandbox."""
    number = known_account(engine, sight, account_id)
    until = reached(engine, projection, as_of)
    before = None
    if starting_after is not None:
        last = found_statement(engine, projection, number, starting_after)
        before = (last["sequence"], last["part"])
    rows, has_more = projection.newest(statements, RowQuery({"account_id": number}, before=before, limit=limit))
    return StatementList(data=[StatementView.of(row) for row in rows], has_more=has_more, as_of=until)


@router.get(
    "/{account_id}/statements/{day}",
    response_model=StatementWithLines,
    responses={
        200: {
            "content": {
                PAGE: {"schema": {"type": "string"}},
                PDF: {"schema": {"type": "string", "format": "binary"}},
            }
        }
    },
)
def read_statement(
    engine: EngineDependency,
    projection: ProjectionDependency,
    sight: SightDependency,
    bank_name: BankNameDependency,
    account_id: AccountId,
    day: StatementDay,
    request: Request,
) -> StatementWithLines | Response:
    """Read a statement with its postings; a page to print with `Accept: text/html`, and a document that a bank would
    send with `Accept: application/pdf`. Scope: issuer or sandbox.
    """
    number = known_account(engine, sight, account_id)
    statement = found_statement(engine, projection, number, day)
    content = projection.asked(lambda database: content_of(database, statement))
    form = wanted(request.headers.get("accept", ""), PAGE, PDF)
    if form == PDF:
        names = {product.number: product.id for product in engine.document.products}
        product = names.get(statement["product"], str(statement["product"]))
        terms = terms_in_segment(engine.state, statement["product"], statement["segment"], day)
        printed = Statement(bank_name(), product, content, terms)
        return Response(statement_pdf(printed), headers=_headers_of_pdf(day))
    shown = StatementWithLines.with_lines(content)
    return HTMLResponse(statement_page(shown), headers=PAGE_HEADERS) if form == PAGE else shown


def _headers_of_pdf(day: date) -> dict[str, str]:
    """With the name that it is saved under."""
    name = f"statement-{day.isoformat()}.pdf"
    return {"Content-Type": PDF, "Content-Disposition": f'inline; filename="{name}"', "Vary": "Accept"}


def found_statement(engine: Engine, projection: Projection, account: int, day: date) -> Row:
    """The row of a statement.

    Raises: NotFound.  HistoryUnavailable, where there may be one that the history has not reached.
    """
    is_whole = projection.sequence >= engine.durable_sequence
    rows, _ = projection.newest(statements, RowQuery({"account_id": account, "day": day.isoformat()}, limit=1))
    if rows:
        return rows[0]
    books = account_books(engine.state, account)
    if not is_whole and books is not None and books.last_cut is not None and day <= books.last_cut:
        raise HistoryUnavailable("the history has not reached this statement yet")
    account_id = to_text(Prefix.ACCOUNT, account)
    raise NotFound(f"{account_id} has no statement of {day.isoformat()}, see /v1/accounts/{account_id}/statements")
