"""``/v1/cases``: what referred payments ask the desks, and their answers."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from authz.engine import Engine
from authz.history.case_rows import cases_listed
from authz.history.history_rows import Row
from authz.history.projection import Projection
from authz.http.cases.case_views import CaseView, DecisionName, QueueName, ReasonName, StatusName, WaitOf
from authz.http.paging import AsOf, HasMore, Limit, ReachedTime, reached
from authz.http.sight import AccountId, Sight, SightDependency, seen_account
from authz.http.surroundings import EngineDependency, ProjectionDependency, current_projection
from authz.program.tables import NUMBER_DESK
from authz.state.cases import case_named
from authz.vocabulary.cases import VALID_SECONDS, VALID_SECONDS_MAX, CaseDecision, CaseReason, CaseStatus, Queue
from authz.vocabulary.commands import Kind
from authz.vocabulary.errors import HistoryUnavailable
from authz.vocabulary.layouts import new_command
from authz.vocabulary.reasons import Reason
from tokenvault.vocabulary.errors import Conflict, NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number

router = APIRouter(prefix="/v1", tags=["cases"])
SCOPES = ("issuer", "sandbox")
STATUSES = (404, 409)

CaseId = Annotated[str, Path(description="Identifier of a case.", examples=["case_000000000001A"])]
After = Annotated[
    str | None,
    Query(description="Return entries behind this one, in the order of the list.", examples=["case_000000000001A"]),
]


class CaseAnswer(BaseModel):
    """What a person at the desk answers."""

    model_config = ConfigDict(extra="forbid", strict=True)

    decision: DecisionName = Field(
        description="`approve`: one payment at this merchant, of no more than this amount, is not referred.",
        examples=["approve"],
    )
    reason: ReasonName = Field(description="Why.", examples=["customer_confirmed"])
    valid_seconds: int = Field(
        VALID_SECONDS,
        ge=1,
        le=VALID_SECONDS_MAX,
        description="Of an approval: for how long the payment can be made.",
        examples=[1800],
    )


class CaseList(BaseModel):
    """A page of cases."""

    data: list[CaseView] = Field(description="The cases.", examples=[[]])
    has_more: HasMore
    as_of: ReachedTime


@router.get("/cases")
async def list_cases(
    engine: EngineDependency,
    projection: ProjectionDependency,
    sight: SightDependency,
    queue: Annotated[QueueName | None, Query(description="Of this desk.", examples=["one_to_one"])] = None,
    status: Annotated[StatusName | None, Query(description="With this status.", examples=["open"])] = None,
    limit: Limit = 20,
    starting_after: After = None,
    as_of: AsOf = None,
) -> CaseList:
    """List cases. Scope: issuer or sandbox.

    With `status=open` they come in the order in which a desk takes them: accounts in relief first, then the oldest
    first. Otherwise the newest come first.
    """
    await _let_time_pass(engine, projection)
    wanted = {name: value for name, value in (("queue", queue), ("status", status)) if value is not None}
    return await asyncio.to_thread(_page, engine, projection, sight.own_rows | wanted, limit, starting_after, as_of)


@router.get("/accounts/{account_id}/cases")
async def list_cases_of_account(
    engine: EngineDependency,
    projection: ProjectionDependency,
    sight: SightDependency,
    account_id: AccountId,
    limit: Limit = 20,
    starting_after: After = None,
    as_of: AsOf = None,
) -> CaseList:
    """List the cases of an account, the newest first, with the passes that it has. Scope: issuer or sandbox."""
    number = await asyncio.to_thread(seen_account, sight, account_id)
    await _let_time_pass(engine, projection)
    return await asyncio.to_thread(_page, engine, projection, {"account_id": number}, limit, starting_after, as_of)


@router.get("/cases/{case_id}")
async def read_case(
    engine: EngineDependency, projection: ProjectionDependency, sight: SightDependency, case_id: CaseId
) -> CaseView:
    """Read a case. Scope: issuer or sandbox."""
    await _let_time_pass(engine, projection)
    return await asyncio.to_thread(_shown, engine, projection, sight, case_id)


@router.post("/cases/{case_id}/answer")
async def answer_case(
    engine: EngineDependency,
    projection: ProjectionDependency,
    sight: SightDependency,
    case_id: CaseId,
    body: CaseAnswer,
) -> CaseView:
    """Answer a case, once. Scope: issuer or sandbox.

    An approval is a pass for one payment of the account at the merchant of the case, by the same acquirer and of no
    more than its amount. An approved payment that would be referred spends it; one that is declined does not, and a
    reversal does not give it back.
    """
    sequence = to_number(Prefix.CASE, case_id)
    case = case_named(engine.state, sequence)
    if case is None or not await asyncio.to_thread(sight.sees_account, case.account_id):
        raise NotFound(f"there is no case {case_id}")
    command = new_command(
        Kind.ANSWER_CASE,
        account_id=case.account_id,
        decision=sequence,
        answer=CaseDecision[body.decision.upper()],
        answer_reason=CaseReason[body.reason.upper()],
        valid_seconds=body.valid_seconds if body.decision == "approve" else 0,
    )
    result = (await engine.run(command))[0]
    if Reason(result["reason"]) is Reason.CASE_CLOSED:
        raise _closed(engine, case_id, sequence)
    await current_projection(engine, projection)
    return await asyncio.to_thread(_shown, engine, projection, sight, case_id)


def _closed(engine: Engine, case_id: str, sequence: int) -> Conflict:
    case = case_named(engine.state, sequence)
    if case is not None and case.status is CaseStatus.EXPIRED:
        return Conflict(f"{case_id} has expired", code="case_expired")
    return Conflict(f"{case_id} was answered before", code="case_answered")


async def _let_time_pass(engine: Engine, projection: Projection) -> None:
    """Let the engine, and the history behind it, know what time it is: a case that has expired is not open."""
    await engine.run(new_command(Kind.PASS_TIME))
    await current_projection(engine, projection)


def _page(
    engine: Engine,
    projection: Projection,
    equal: dict[str, object],
    limit: int,
    starting_after: str | None,
    as_of: AsOf,
) -> CaseList:
    after = to_number(Prefix.CASE, starting_after) if starting_after else None
    until = reached(engine, projection, as_of)
    rows, has_more = projection.asked(lambda database: cases_listed(database, equal, after, limit))
    shown = [CaseView.of(row, _wait_of(engine), engine.now_us) for row in rows]
    return CaseList(data=shown, has_more=has_more, as_of=until)


def _shown(engine: Engine, projection: Projection, sight: Sight, case_id: str) -> CaseView:
    """A case that the caller may see. Raises: NotFound, HistoryUnavailable."""
    row = _found(engine, projection, sight, case_id)
    return CaseView.of(row, _wait_of(engine), engine.now_us)


def _found(engine: Engine, projection: Projection, sight: Sight, case_id: str) -> Row:
    sequence, known = to_number(Prefix.CASE, case_id), projection.sequence
    wanted = sight.own_rows | {"sequence": sequence}
    rows, _ = projection.asked(lambda database: cases_listed(database, wanted, None, 1))
    if rows:
        return rows[0]
    if known < sequence <= projection.durable_sequence:
        raise HistoryUnavailable("the history has not reached this case yet")
    raise NotFound(f"there is no case {case_id}")


def _wait_of(engine: Engine) -> WaitOf:
    """How long cases wait by the program in force."""
    numbers = engine.state.program.numbers
    return lambda queue: int(numbers[NUMBER_DESK + Queue[queue.upper()]])
