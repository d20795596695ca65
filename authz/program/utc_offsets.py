"""UTC offsets of a time zone from 2000 to 2100, which are journaled with a program."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import Field

from authz.program.parts import Part
from authz.program.tables import OFFSET
from authz.vocabulary.commands import Records

_FIRST_YEAR, _LAST_YEAR = 2000, 2100


class UtcOffset(Part):
    """How far local time is ahead of UTC from a moment on."""

    from_time: datetime = Field(description="RFC 3339 time.", examples=["2026-10-25T01:00:00Z"])
    seconds: int = Field(ge=-86400, le=86400, description="Seconds ahead of UTC.", examples=[3600])


@cache
def offsets_of(time_zone: str) -> list[UtcOffset]:
    """The offsets of a zone of the IANA database, in order; the list is shared, so leave it as it is."""
    zone = ZoneInfo(time_zone)

    def seconds_at(moment: datetime) -> int:
        offset = moment.astimezone(zone).utcoffset()
        assert offset is not None
        return int(offset.total_seconds())

    moment, end = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(_LAST_YEAR, 1, 1, tzinfo=UTC)
    offsets = [UtcOffset(from_time=moment, seconds=seconds_at(moment))]
    while moment < end:
        following = moment + timedelta(days=7)
        if seconds_at(following) != offsets[-1].seconds:
            low, high = moment, following
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if seconds_at(middle) == offsets[-1].seconds else (low, middle)
            change = high.replace(second=0, microsecond=0)
            offsets.append(UtcOffset(from_time=change, seconds=seconds_at(change)))
        moment = following
    return offsets


def offset_rows(offsets: list[UtcOffset]) -> Records:
    """OFFSET[n]: the first holds from the beginning of time; one of zero seconds where there are none."""
    rows = np.zeros(max(1, len(offsets)), OFFSET)
    for row, entry in zip(rows, offsets, strict=False):
        row["from_us"] = int(entry.from_time.timestamp()) * 1_000_000
        row["seconds"] = entry.seconds
    rows[0]["from_us"] = np.iinfo(np.int64).min
    return rows
