"""``/v1/stream``: what happens, as server-sent events (`simulators.sandbox.stream`)."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import StreamingResponse

from authz.history.history_rows import Row
from authz.http.authorizations import ListedDecisionView
from authz.http.sight import Sight, SightDependency
from simulators.sandbox.feeds.payment_feed import viewer_of
from simulators.sandbox.http.messages import MessageView
from simulators.sandbox.http.simulations import ClockDependency, ClockView
from simulators.sandbox.http.traffic.requests import AnsweredRequestView
from simulators.sandbox.http.traffic.undecided_messages import UndecidedMessageView
from simulators.sandbox.stream.event_stream import MEDIA_TYPE, EventStream
from simulators.sandbox.stream.listener import Audience, Views
from simulators.sandbox.stream.places import LAST_EVENT_ID, Places
from simulators.sandbox.stream.streams import Streams
from simulators.sandbox.stream.topics import ONLY_BY_NAME, Topic, topics_in
from tokenvault.callers.caller import Scope, current_caller
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import ApiKeys, presented_key, requires
from tokenvault.http.routers.events import EventView

router = APIRouter(
    prefix="/v1",
    tags=["events"],
    dependencies=[requires(Scope.WALLET, Scope.ISSUER, Scope.NETWORK, Scope.SANDBOX)],
    responses=problem.responses(503),
)


def _views(sight: Sight, clock: ClockDependency) -> Views:
    def decision(row: Row) -> ListedDecisionView:
        return ListedDecisionView.of(row, is_issuer=sight.sees_account(row["account_id"]))

    return Views(
        decision,
        EventView.of,
        MessageView.of,
        lambda: ClockView.of(clock),
        AnsweredRequestView.of,
        UndecidedMessageView.of,
    )


@router.get(
    "/stream",
    response_class=StreamingResponse,  # whose signature FastAPI reads
    responses={200: {"description": "Entries, until either side leaves.", "content": {MEDIA_TYPE: {}}}},
)
async def listen(
    request: Request,
    sight: SightDependency,
    clock: ClockDependency,
    topics: Annotated[
        str | None,
        Query(
            description=f"What to hear of, separated by commas: {', '.join(Topic)}. If none are named, all that the "
            f"API key may hear but {' and '.join(sorted(ONLY_BY_NAME))}.",
            examples=["decisions,events"],
            max_length=200,
        ),
    ] = None,
    last_event_id: Annotated[
        str | None,
        Header(
            alias=LAST_EVENT_ID,
            description="The `id` of the last entry that has arrived: what came later follows, each once.",
            examples=["d1842.e97.p1843/-1/-1.m12"],
            max_length=200,
        ),
    ] = None,
) -> EventStream:
    """Listen to what happens, by server-sent events: see `docs/events.md`. Scope: wallet, issuer, network or sandbox;
    each topic has the scopes of the list of the same things.
    """
    streams: Streams = request.app.state.streams
    api_keys: ApiKeys = request.app.state.api_keys
    caller, presented = current_caller.get(), presented_key(request)
    audience = Audience(
        topics_in(topics, caller.scopes),
        sight,
        viewer_of({Scope.SANDBOX} if caller.sees_everything else caller.scopes, caller.tenant),
        _views(sight, clock),
        lambda: api_keys.admits(presented),
    )
    resumed = None if last_event_id is None else Places.parse(last_event_id)
    return EventStream(streams, streams.listener(audience, resumed))
