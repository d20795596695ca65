"""Lists as integrators know them: the newest first, `limit`, `starting_after`, `has_more`."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query

Limit = Annotated[int, Query(ge=1, le=100, description="The most entries of one page.", examples=[20])]
From = Annotated[
    datetime | None,
    Query(alias="from", description="Not before this RFC 3339 time.", examples=["2026-11-24T00:00:00Z"]),
]
To = Annotated[
    datetime | None, Query(alias="to", description="Before this RFC 3339 time.", examples=["2026-11-25T00:00:00Z"])
]


def microseconds(moment: datetime | None) -> int | None:
    """A time as Unix microseconds; one without a zone is in UTC."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000_000)
