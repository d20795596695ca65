"""Segments of customers in plain Python: which one an account belongs to when a statement was cut."""

import operator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_COMPARED = {">=": operator.ge, "<": operator.lt, "=": operator.eq}
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class PlainSegment:
    """One segment: what is compared, and which terms of a product it changes.

    attribute: of an account, or ``count`` or ``amount`` of its purchases with cash-back in a window.
    window: ``month``, or so many days.
    """

    number: int
    attribute: str
    operator: str
    value: int
    window: str | int = ""
    terms: dict[str, int] = field(default_factory=dict)

    @property
    def document(self) -> dict:
        """It as a program document has it."""
        when = {"attribute": self.attribute, "operator": self.operator, "value": self.value}
        if self.window:
            named = f"{self.window}d" if isinstance(self.window, int) else self.window
            when["attribute"] = f"{self.attribute}_{named}"
            when["where"] = {"operations": ["purchase_with_cash_back"]}
        return {"number": self.number, "id": f"segment_{self.number}", "when": when, "terms": self.terms}

    def holds(self, attributes: dict[str, int], spent: list[tuple[int, int]], today: date, zone: tzinfo) -> bool:
        """Whether an account belongs to it at the end of a day.

        spent: times in Unix microseconds, and amounts that still stand.
        """
        if not self.window:
            return bool(_COMPARED[self.operator](attributes[self.attribute], self.value))
        end = datetime.combine(today + timedelta(days=1), time(), zone).astimezone(UTC) - _MICROSECOND
        if self.window == "month":
            begin = datetime.combine(today.replace(day=1), time(), zone).astimezone(UTC)
        else:
            begin = end - timedelta(days=int(self.window)) + _MICROSECOND
        inside = [amount for at, amount in spent if begin <= _EPOCH + timedelta(microseconds=at) and amount]
        seen = len(inside) if self.attribute == "count" else sum(inside)
        return bool(_COMPARED[self.operator](seen, self.value))
