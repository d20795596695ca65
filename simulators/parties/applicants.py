"""Simulated customers: identity documents that force what becomes of their applications, see docs/test-values.md."""

import uuid
from datetime import date
from typing import Literal

ForcedOutcome = Literal["approved", "in_review", "declined"]


def document_number(score: int | None = None, outcome: ForcedOutcome | None = None) -> str:
    """The number of an identity document that nobody has yet. score: of the credit bureau; any score if neither."""
    if outcome is not None:
        return f"force_{outcome}_{uuid.uuid4().hex}"
    return uuid.uuid4().hex if score is None else f"force_score_{score}_{uuid.uuid4().hex}"


def birth_date(age: int, today: date) -> str:
    """The birth date of somebody who has become so old this year, on the first of January; ISO 8601."""
    return date(today.year - age, 1, 1).isoformat()
