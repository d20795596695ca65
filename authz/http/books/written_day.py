"""A day as callers write it: RFC 3339, full-date."""

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _as_written(value: object) -> object:
    """Ten characters, and no number of seconds or time of a day."""
    if not isinstance(value, str) or _WRITTEN.fullmatch(value) is None:
        raise ValueError("must be a date such as 2027-02-05")
    return value


WrittenDay = Annotated[
    date, BeforeValidator(_as_written), WithJsonSchema({"type": "string", "format": "date", "examples": ["2027-01-05"]})
]
"""A date in a body, a path or a query."""
