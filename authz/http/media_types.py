"""In which of its forms an answer is wanted (RFC 9110, section 12.5.1)."""

import re

JSON, PAGE, PDF = "application/json", "text/html", "application/pdf"

_WEIGHT = re.compile(r"[01](\.[0-9]{0,3})?")
"""RFC 9110, section 12.4.2."""


def wanted(accept: str, *others: str) -> str:
    """The media type that a caller would rather have: JSON, or one of others. accept: the header.

    Another type than JSON must be named, with a greater weight: who takes anything gets JSON.
    """
    asked = dict(map(_weighed, accept.lower().split(",")))
    return max((JSON, *others), key=lambda media_type: asked.get(media_type, 0.0))


def _weighed(entry: str) -> tuple[str, float]:
    """A media type and its weight, 0 for a weight of another form."""
    media_type, *parameters = (part.strip() for part in entry.split(";"))
    weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    return media_type, float(weight) if _WEIGHT.fullmatch(weight) else 0.0
