"""``/v1/transactions``: postings of accounts, with chargeback and representment."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from authz.engine import Engine
from authz.history.history_rows import Row, RowQuery, postings
from authz.history.posting_ids import posting_id, posting_key
from authz.history.projection import Projection
from authz.http.merchant_fields import MerchantCity, MerchantName
from authz.http.paging import AsOf, From, HasMore, Limit, ReachedTime, To, microseconds, older_than, reached
from authz.http.posting_names import POSTING_KINDS_DESCRIBED, PostingKindName
from authz.http.sight import Sight, SightDependency
from authz.http.surroundings import EngineDependency, ProjectionDependency
from authz.vocabulary.commands import Kind
from authz.vocabulary.errors import HistoryUnavailable
from authz.vocabulary.labels import day_text
from authz.vocabulary.layouts import new_command
from authz.vocabulary.posting_kinds import PostingKind, posting_kind
from authz.vocabulary.reasons import ANSWERS, Reason
from tokenvault.vocabulary.errors import Conflict, NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text

router = APIRouter(prefix="/v1/transactions", tags=["transactions"])
SCOPES = ("issuer", "sandbox")
STATUSES = (404, 409)

TransactionId = Annotated[str, Path(description="Identifier of a posting.", examples=["txn_000000000001A"])]


class TransactionView(BaseModel):
    """One posting: a change of what an account owes."""

    id: str = Field(description="Identifier of the posting.", examples=["txn_000000000001A"])
    part: int = Field(
        description="Which posting of its transaction it is, from 0: a purchase with cash-back makes one for the goods "
        "and one for the cash.",
        examples=[0],
    )
    kind: PostingKindName = Field(
        description=f"Why the account's balance changed. {POSTING_KINDS_DESCRIBED}", examples=["purchase"]
    )
    time: datetime = Field(description="RFC 3339 time in UTC.", examples=["2026-11-24T10:15:00Z"])
    day: date = Field(
        description="The day that it belongs to, in the program's time zone; before `time` for what the end of a day "
        "has posted.",
        examples=["2026-11-24"],
    )
    account_id: str = Field(description="The account.", examples=["acct_06R8C3N5VZQ4T"])
    token_id: str | None = Field(
        description="The token that was used; null where none was.", examples=["tok_05F1V9D8S3KYA"]
    )
    amount: int = Field(
        description="Amount in minor units of `currency`; negative for money given back.", examples=[1250]
    )
    currency: str = Field(description="The account's ISO 4217 code.", examples=["EUR"])
    posted_balance: int = Field(description="What the account owes afterwards, minor units.", examples=[1250])
    merchant: str = Field(description="DE 42, card acceptor.", examples=["CAFE00000000001"])
    merchant_name: MerchantName
    merchant_city: MerchantCity
    merchant_category: str = Field(description="DE 18, four digits.", examples=["5814"])

    @classmethod
    def of(cls, row: Row) -> "TransactionView":
        """Show a posting."""
        return cls(
            id=posting_id(row["sequence"], row["part"]),
            part=row["part"],
            kind=row["kind"],
            time=datetime.fromtimestamp(row["time_us"] / 1e6, UTC),
            day=date.fromisoformat(row["day"]),
            account_id=to_text(Prefix.ACCOUNT, row["account_id"]),
            token_id=to_text(Prefix.TOKEN, row["token_id"]) if row["token_id"] else None,
            amount=row["amount_minor"],
            currency=row["currency"],
            posted_balance=row["posted_minor"],
            merchant=row["merchant"],
            merchant_name=row["merchant_name"],
            merchant_city=row["merchant_city"],
            merchant_category=row["merchant_category"],
        )


class TransactionList(BaseModel):
    """A page of postings, the newest first."""

    data: list[TransactionView] = Field(description="The postings.", examples=[[]])
    has_more: HasMore
    as_of: ReachedTime


_DISPUTABLE = frozenset(kind.code for kind in PostingKind if kind.is_disputable)
_REFUSALS = {
    (Kind.CHARGEBACK, Reason.MISSING_ORIGINAL_AUTHORIZATION): "the account was charged nothing by it",
    (Kind.CHARGEBACK, Reason.EXCEEDS_REMAINDER): "amount is more than is left of it after its refunds and chargebacks",
    (Kind.REPRESENTMENT, Reason.MISSING_ORIGINAL_AUTHORIZATION): "the account was charged nothing by it",
    (Kind.REPRESENTMENT, Reason.EXCEEDS_REMAINDER): "amount is more than was charged back of it and not yet "
    "presented again",
}
"""Why a dispute cannot be, in the words of this API: a message's data elements are nothing to its callers."""


class DisputeRequest(BaseModel):
    """How much of a posting is disputed, or presented again."""

    model_config = ConfigDict(extra="forbid", strict=True)

    amount: int = Field(
        gt=0, le=10**12 - 1, description="Amount in minor units of the account's currency.", examples=[1250]
    )


@router.get("")
def list_transactions(
    engine: EngineDependency,
    projection: ProjectionDependency,
    sight: SightDependency,
    account_id: Annotated[
        str | None, Query(description="Of this account only.", examples=["acct_06R8C3N5VZQ4T"])
    ] = None,
    kind: Annotated[PostingKindName | None, Query(description="Of this kind only.", examples=["refund"])] = None,
    from_time: From = None,
    to_time: To = None,
    limit: Limit = 20,
    starting_after: Annotated[str | None, older_than("txn_000000000001A")] = None,
    as_of: AsOf = None,
) -> TransactionList:
    """List postings, the newest first. Scope: issuer or sandbox."""
    equal = sight.own_rows
    if account_id is not None:
        equal["account_id"] = to_number(Prefix.ACCOUNT, account_id)
    if kind is not None:
        equal["kind"] = kind
    before = posting_key(starting_after) if starting_after else None
    wanted = RowQuery(equal, microseconds(from_time), microseconds(to_time), before, limit)
    until = reached(engine, projection, as_of)
    rows, has_more = projection.newest(postings, wanted)
    return TransactionList(data=[TransactionView.of(row) for row in rows], has_more=has_more, as_of=until)


@router.get("/{transaction_id}")
def read_transaction(
    projection: ProjectionDependency, sight: SightDependency, transaction_id: TransactionId
) -> TransactionView:
    """Read a posting. Scope: issuer or sandbox."""
    return TransactionView.of(found_posting(projection, sight, transaction_id))


@router.post("/{transaction_id}/chargeback", status_code=201)
async def charge_back(
    engine: EngineDependency,
    projection: ProjectionDependency,
    sight: SightDependency,
    transaction_id: TransactionId,
    body: DisputeRequest,
) -> TransactionView:
    """Charge back a posting, in whole or in part. Scope: issuer or sandbox."""
    return await _dispute(engine, found_posting(projection, sight, transaction_id), body.amount, Kind.CHARGEBACK)


@router.post("/{transaction_id}/representment", status_code=201)
async def represent(
    engine: EngineDependency,
    projection: ProjectionDependency,
    sight: SightDependency,
    transaction_id: TransactionId,
    body: DisputeRequest,
) -> TransactionView:
    """Represent a posting that was charged back. Scope: issuer or sandbox."""
    return await _dispute(engine, found_posting(projection, sight, transaction_id), body.amount, Kind.REPRESENTMENT)


def found_posting(projection: Projection, sight: Sight, transaction_id: str) -> Row:
    """The row of a posting that the caller may see. Raises: NotFound, HistoryUnavailable."""
    sequence, part = posting_key(transaction_id)
    known = projection.sequence
    rows, _ = projection.newest(postings, RowQuery(sight.own_rows | {"sequence": sequence, "part": part}, limit=1))
    if rows:
        return rows[0]
    if known < sequence <= projection.durable_sequence:
        raise HistoryUnavailable("the history has not reached this transaction yet")
    raise NotFound(f"there is no transaction {transaction_id}")


async def _dispute(engine: Engine, row: Row, amount: int, kind: Kind) -> TransactionView:
    name, transaction_id = kind.name.lower(), posting_id(row["sequence"], row["part"])
    if row["kind"] not in _DISPUTABLE:
        raise Conflict(
            f"{transaction_id} is of the kind {row['kind']}: a {name} requires the id of a purchase or cash posting, "
            "see /v1/transactions",
            code="not_disputable",
        )
    command = new_command(kind, decision=row["sequence"], amount_minor=amount)
    result = (await engine.run(command))[0]
    reason = Reason(result["reason"])
    if not reason.is_approval:
        why = _REFUSALS.get((kind, reason), ANSWERS[reason].sentence)
        raise Conflict(f"no {name} of {transaction_id}: {why}", code=reason.code)
    change = int(result["posted_change_minor"])
    made = row | {
        "sequence": int(result["sequence"]),
        "part": 0,
        "kind": posting_kind(int(result["posting_kind"])).code,
        "time_us": int(result["time_us"]),
        "day": day_text(int(result["day"])),
        "amount_minor": change,
        "posted_minor": int(result["posted_minor"]),
    }
    return TransactionView.of(made)
