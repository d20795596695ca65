"""``/v1/transactions/{id}/waive``: interest and fees that an issuer gives back."""

import asyncio

from fastapi import APIRouter

from authz.history.posting_ids import posting_id
from authz.http.books.bank_commands import carried_out, made_posting
from authz.http.sight import SightDependency
from authz.http.surroundings import EngineDependency, ProjectionDependency
from authz.http.transactions import TransactionId, TransactionView, found_posting
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import new_command
from authz.vocabulary.posting_kinds import WAIVABLE, PostingKind
from tokenvault.vocabulary.errors import Conflict

router = APIRouter(prefix="/v1/transactions", tags=["books"])
SCOPES = ("issuer", "sandbox")
STATUSES = (404, 409)

_WAIVABLE = {kind.code: kind for kind in sorted(WAIVABLE)}


@router.post("/{transaction_id}/waive", status_code=201)
async def waive_transaction(
    engine: EngineDependency, projection: ProjectionDependency, sight: SightDependency, transaction_id: TransactionId
) -> TransactionView:
    """Give back interest or a fee as a whole, once; answers the posting. Scope: issuer or sandbox."""
    row = await asyncio.to_thread(found_posting, projection, sight, transaction_id)
    name = posting_id(row["sequence"], row["part"])
    if row["kind"] not in _WAIVABLE:
        raise Conflict(
            f"{name} is of the kind {row['kind']}: only postings of the kinds {', '.join(_WAIVABLE)} can be waived",
            code="not_waivable",
        )
    command = new_command(
        Kind.WAIVE,
        account_id=row["account_id"],
        amount_minor=row["amount_minor"],
        decision=row["sequence"],
        part=row["part"],
        posting_kind=_WAIVABLE[row["kind"]],
    )
    results = await carried_out(engine, command, f"waiver of {name}")
    return made_posting(results, PostingKind.WAIVER)
