"""Paged lists: newest first, with `limit`, `starting_after` and `has_more`."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from authz.engine import Engine
from authz.history.projection import Projection
from authz.vocabulary.errors import HistoryUnavailable

Limit = Annotated[int, Query(ge=1, le=100, description="Maximum number of entries per page.", examples=[20])]
From = Annotated[
    datetime | None,
    Query(alias="from", description="Not before this RFC 3339 time.", examples=["2026-11-24T00:00:00Z"]),
]
To = Annotated[
    datetime | None, Query(alias="to", description="Before this RFC 3339 time.", examples=["2026-11-25T00:00:00Z"])
]

OLDER_DESCRIBED = "Return entries that are older than this one."
HasMore = Annotated[bool, Field(description="Whether there are further, older entries.", examples=[False])]

WANTED_TIME = "Answer only with a list that tells of everything up to this RFC 3339 time, else 503 with `Retry-After`."
ReachedTime = Annotated[
    datetime,
    Field(
        description="The time up to which the list is complete; after a restart under load it may lag.",
        examples=["2026-11-24T10:15:00Z"],
    ),
]
AsOf = Annotated[
    datetime | None,
    Query(
        description=WANTED_TIME,
        examples=["2026-11-24T10:15:00Z"],
    ),
]


def older_than(example: str) -> Any:
    """The query parameter `starting_after` of a list. example: of the last entry of a page."""
    return Query(description=OLDER_DESCRIBED, examples=[example])


def reached(engine: Engine, projection: Projection, wanted: datetime | None) -> datetime:
    """The time up to which a list is complete: now, or the time that the history has reached.

    wanted: the time that the caller needs. Raises: HistoryUnavailable if that is later.
    """
    is_whole = projection.sequence >= engine.durable_sequence
    reached_us = engine.now_us if is_whole else projection.time_us
    if not is_whole and reached_us < (microseconds(wanted) or 0):
        raise HistoryUnavailable("the history has not reached this time yet")
    return datetime.fromtimestamp(reached_us / 1e6, UTC)


def microseconds(moment: datetime | None) -> int | None:
    """A time as Unix microseconds; one without a zone is in UTC."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000_000)
