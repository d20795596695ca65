"""What holds for all accounts of a bank, in plain Python: its local days, and the terms of its products."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

from tests.authz.kernel.books.plain.terms import PlainTerms

_DAY = timedelta(days=1)


@dataclass
class PlainCalendar:
    """Local days. Another time zone holds from the next local midnight, and no day comes twice."""

    today: date = date.min
    zone: tzinfo = UTC
    next_zone: tzinfo = UTC

    def day_at(self, time_us: int) -> date:
        """The day of a moment; moments must come in their order."""
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
        if moment.astimezone(self.zone).date() > self.today:
            self.zone = self.next_zone
            self.today = max(self.today, moment.astimezone(self.zone).date())
        return self.today


@dataclass
class PlainProducts:
    """Terms of products, each with the day from which they hold: the first of a product at once, others tomorrow."""

    known: dict[int, list[tuple[date, PlainTerms]]] = field(default_factory=dict)

    def bring(self, product: int, terms: PlainTerms, today: date) -> None:
        """A program with these terms was activated."""
        versions = self.known.setdefault(product, [(date.min, PlainTerms())])
        versions.append((today if len(versions) == 1 else today + _DAY, terms))

    def terms_on(self, product: int, day: date) -> PlainTerms:
        """The terms of a product on a day: the default where no program has had it."""
        return [terms for since, terms in self.known.get(product, [(date.min, PlainTerms())]) if since <= day][-1]


def section(terms_of: dict[int, PlainTerms]) -> list[dict]:
    """The section `products` of a program document."""
    return [
        {"number": number, "id": f"product_{number}", "terms": _document(terms)} for number, terms in terms_of.items()
    ]


def _document(terms: PlainTerms) -> dict:
    same = ("grace_days", "courtesy_days", "tolerance", "rate_ppm", "interest_on", "minimum_ppm", "cash_share_ppm")
    return {
        **{name: getattr(terms, name) for name in (*same, "blocks_after_missed")},
        "late_fee": {"ppm": terms.late_fee_ppm, "min": terms.late_fee_min},
        "cash_fee": {"ppm": terms.cash_fee_ppm, "min": terms.cash_fee_min},
        "pay_order": list(terms.pay_order),
        "relief": {"months_max": 24, "interest": terms.relief_interest, "automatic": _automatic(terms)},
    }


def _automatic(terms: PlainTerms) -> dict | None:
    relief = terms.automatic_relief
    if relief is None:
        return None
    when = {name: getattr(relief, name) for name in ("attribute", "operator", "value")}
    return {"when": when, "months": relief.months}
