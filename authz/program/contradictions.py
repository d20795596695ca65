"""Detects conditions that can never be true, whose rules would silently never match."""

from collections.abc import Iterable
from dataclasses import dataclass

Value = int | str
"""A value that comparisons are held against, as it is counted: decimals in hundredths, digits as their number."""


@dataclass(frozen=True)
class Domain:
    """The values that an attribute can have: an interval, or the few that there are.

    least and greatest: None for no bound.  members: None where they are not listed.  always_known: it never lacks one.
    """

    least: int | None = None
    greatest: int | None = None
    members: frozenset[Value] | None = None
    always_known: bool = False

    def holds(self, value: Value) -> bool:
        """Whether the attribute can have this value."""
        if self.members is not None:
            return value in self.members
        if isinstance(value, str):
            return True
        return (self.least is None or value >= self.least) and (self.greatest is None or value <= self.greatest)

    def __str__(self) -> str:
        if self.members is not None:
            return "one of " + ", ".join(sorted(map(str, self.members)))
        if self.greatest is None:
            return f"{self.least} or more"
        return f"{self.least} to {self.greatest}"


@dataclass(frozen=True)
class Claim:
    """One comparison with an attribute: its operator, and the values it is held against."""

    operator: str
    values: tuple[Value, ...]


def check_claim(claim: Claim, domain: Domain) -> None:
    """Check one comparison by itself.

    Raises: ValueError if it lists a value twice, has its bounds reversed, or can never hold.
    """
    if claim.operator in ("in", "not_in") and len(set(claim.values)) < len(claim.values):
        raise ValueError(f"{claim.operator} lists a value twice")
    if claim.operator == "between" and _number(claim.values[0]) > _number(claim.values[1]):
        raise ValueError("between requires the lower bound first, then the upper bound")
    if claim.operator in ("=", "!=", "in", "not_in") and not all(map(domain.holds, claim.values)):
        raise ValueError(f"has a value that the attribute never has: it is {domain}")
    if not can_hold([claim], domain):
        raise ValueError(f"can never hold{'' if domain == Domain() else f': the attribute is {_bounds(domain)}'}")


def _bounds(domain: Domain) -> str:
    has_bounds = domain.members is not None or domain.least is not None
    return " and ".join([str(domain)] * has_bounds + ["never unknown"] * domain.always_known)


def can_hold(claims: Iterable[Claim], domain: Domain) -> bool:
    """Whether comparisons with one attribute can hold together. What is not known compares as false."""
    least, greatest, among = domain.least, domain.greatest, domain.members
    excluded: set[Value] = set()
    operators = set()
    for claim in claims:
        operators.add(claim.operator)
        match claim.operator:
            case "=" | "in":
                among = frozenset(claim.values) if among is None else among & set(claim.values)
            case "!=" | "not_in":
                excluded |= set(claim.values)
            case "<" | "<=":
                bound = _number(claim.values[0]) - (claim.operator == "<")
                greatest = bound if greatest is None else min(greatest, bound)
            case ">" | ">=":
                bound = _number(claim.values[0]) + (claim.operator == ">")
                least = bound if least is None else max(least, bound)
            case "between":
                low, high = map(_number, claim.values)
                least = low if least is None else max(least, low)
                greatest = high if greatest is None else min(greatest, high)
    if "is_unknown" in operators:
        return operators == {"is_unknown"} and not domain.always_known
    interval = Domain(least, greatest)
    if among is not None:
        return any(interval.holds(value) for value in among - excluded)
    if least is None or greatest is None:
        return True
    # Where more values remain than are excluded, one is left over.
    return greatest - least >= len(excluded) or any(value not in excluded for value in range(least, greatest + 1))


def _number(value: Value) -> int:
    assert isinstance(value, int), "what has an order is a number"
    return value
