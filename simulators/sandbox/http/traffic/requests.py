"""``/v1/simulations/requests``: the latest HTTP requests and their outcome."""

from datetime import UTC, datetime
from itertools import dropwhile, islice
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from simulators.sandbox.traffic.recent_requests import AnsweredRequest, RecentRequests
from tokenvault.callers.caller import Scope
from tokenvault.http.fields.fields import View
from tokenvault.http.fields.paging import Limit, Page, StartingAfter, page
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import requires

router = APIRouter(
    prefix="/v1/simulations",
    tags=["simulations"],
    dependencies=[requires(Scope.SANDBOX)],
    responses=problem.responses(404),
)


def current_requests(request: Request) -> RecentRequests:
    """The latest requests of the sandbox."""
    requests: RecentRequests = request.app.state.requests
    return requests


RequestsDependency = Annotated[RecentRequests, Depends(current_requests)]


class AnsweredRequestView(View):
    """An HTTP request and its outcome; nothing of what was sent or answered."""

    id: str = Field(description="The header `Request-Id` of its answer.", examples=["req_04M2Q8R6T1V9X"])
    time: datetime = Field(description="When it came, RFC 3339 in UTC.", examples=["2026-11-24T10:15:00.123456Z"])
    method: str | None = Field(description="Its method; null where it could not be parsed.", examples=["POST"])
    path: str | None = Field(
        description="Its path without the query, long numbers masked; null where it could not be parsed.",
        examples=["/v1/accounts"],
    )
    status: int | None = Field(
        description="The HTTP status of the answer; null where the client left before it.", examples=[422]
    )
    code: str | None = Field(
        description="The `code` of the problem that it was answered with; null without one.",
        examples=["invalid_field"],
    )
    milliseconds: float = Field(
        description="Time until the answer was complete; of a stream, until it began.", examples=[4.2]
    )
    api_key: str | None = Field(
        description="Name of the API key, never the key; null where none was accepted.",
        examples=["configured-0a1b2c3d"],
    )
    tenant: str | None = Field(description="Tenant of the API key.", examples=["default"])

    @classmethod
    def of(cls, request: AnsweredRequest) -> "AnsweredRequestView":
        """Show one."""
        return cls(
            id=request.id,
            time=datetime.fromtimestamp(request.time_us / 1e6, UTC),
            method=request.method,
            path=request.path,
            status=request.status,
            code=request.problem_code,
            milliseconds=request.milliseconds,
            api_key=request.api_key,
            tenant=request.tenant,
        )


@router.get("/requests")
async def list_requests(
    requests: RequestsDependency,
    limit: Limit = 20,
    starting_after: StartingAfter = None,
    status: Annotated[
        int | None, Query(ge=100, le=599, description="Only those with this HTTP status.", examples=[422])
    ] = None,
    failed: Annotated[
        bool | None,
        Query(description="Only those that failed (status 400 and above), or that did not.", examples=[True]),
    ] = None,
) -> Page[AnsweredRequestView]:
    """List the latest HTTP requests, the newest first; a thousand are kept in memory. Scope: sandbox."""
    last = None if starting_after is None else requests.named(starting_after)
    behind = dropwhile(lambda each: last is not None and each.number >= last.number, requests.newest_first())
    found = (each for each in behind if status in (None, each.status) and failed in (None, each.has_failed))
    return page(list(islice(found, limit + 1)), limit, AnsweredRequestView.of)


@router.get("/requests/{request_id}")
async def read_request(
    requests: RequestsDependency,
    request_id: Annotated[str, Path(description="The `Request-Id` of an answer.", examples=["req_04M2Q8R6T1V9X"])],
) -> AnsweredRequestView:
    """Read one of the latest HTTP requests. Scope: sandbox."""
    return AnsweredRequestView.of(requests.named(request_id))
