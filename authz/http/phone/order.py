"""The sections of what a phone shows, and the order in which they come."""

from collections.abc import Iterable, Sequence
from typing import Literal, Protocol, TypeVar

SectionName = Literal["card", "credit", "bill", "units", "plans", "postings"]

DEFAULT_ORDER: tuple[SectionName, ...] = ("card", "credit", "bill", "units", "plans", "postings")
"""Where nothing else is said, and for what is not named where something is."""


class _Section(Protocol):
    @property
    def section(self) -> str: ...


_AnySection = TypeVar("_AnySection", bound=_Section)


def in_order(sections: Iterable[_AnySection], portal: Sequence[str] = ()) -> list[_AnySection]:
    """The sections in the order of a portal, then those that it does not name in the usual order.

    portal: names of sections; those that an account has not are passed over.
    """
    order = list(dict.fromkeys((*portal, *DEFAULT_ORDER)))
    return sorted(sections, key=lambda each: order.index(each.section))
