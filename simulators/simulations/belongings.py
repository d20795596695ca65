"""What the tenants of a sandbox have made of one kind: so many at most of each tenant, and found by their own only."""

import threading
from collections.abc import Iterable, Mapping
from typing import Generic, Protocol, TypeVar

from tokenvault.callers.caller import current_caller
from tokenvault.vocabulary.errors import Conflict, NotFound

KEPT_MAX = 100
"""Of one kind, for each tenant."""


class Identified(Protocol):
    """Whatever has an identifier."""

    @property
    def id(self) -> str:
        """The identifier."""


Thing = TypeVar("Thing", bound=Identified)


class Belongings(Generic[Thing]):
    """Things of one kind, in memory. Whose they are follows from the caller, see `current_caller`. Safe for threads.

    noun: what one is called in errors.
    """

    def __init__(self, noun: str) -> None:
        self._noun = noun
        self._by_tenant: dict[str, dict[str, Thing]] = {}
        self._lock = threading.Lock()

    def keep(self, thing: Thing) -> None:
        """Keep a thing for the caller's tenant. Raises: Conflict where that has as many as there may be."""
        with self._lock:
            own = self._own()
            if len(own) >= KEPT_MAX:
                raise Conflict(
                    f"there are {KEPT_MAX} simulated {self._noun}s already: delete one first", code="too_many_simulated"
                )
            own[thing.id] = thing

    def find(self, identifier: str) -> Thing:
        """The caller's thing with this identifier. Raises: NotFound."""
        with self._lock:
            if identifier not in self._own():
                raise self._nothing()
            return self._own()[identifier]

    def take(self, identifier: str) -> Thing:
        """The same, kept no longer. Raises: NotFound."""
        with self._lock:
            if identifier not in self._own():
                raise self._nothing()
            return self._own().pop(identifier)

    def newest_first(self, limit: int, starting_after: str | None) -> list[Thing]:
        """So many of the caller's things. starting_after: the last of the page before. Raises: NotFound."""
        with self._lock:
            things = list(reversed(self._own().values()))
        if starting_after is None:
            return things[:limit]
        places = [place for place, thing in enumerate(things, 1) if thing.id == starting_after]
        if not places:
            raise self._nothing()
        return things[places[0] : places[0] + limit]

    def own(self) -> list[Thing]:
        """All of the caller's things, the oldest first."""
        with self._lock:
            return list(self._own().values())

    def of_all(self) -> dict[str, list[Thing]]:
        """The things of all tenants by tenant, the oldest first."""
        with self._lock:
            return {tenant: list(own.values()) for tenant, own in self._by_tenant.items() if own}

    def replace_all(self, by_tenant: Mapping[str, Iterable[Thing]]) -> list[Thing]:
        """Keep these in place of what all tenants have, which is returned."""
        with self._lock:
            before = self._everything()
            self._by_tenant = {tenant: {thing.id: thing for thing in own} for tenant, own in by_tenant.items()}
            return before

    def take_everything(self) -> list[Thing]:
        """The things of all tenants, kept no longer."""
        with self._lock:
            things = self._everything()
            self._by_tenant.clear()
            return things

    def _everything(self) -> list[Thing]:
        return [thing for own in self._by_tenant.values() for thing in own.values()]

    def _own(self) -> dict[str, Thing]:
        return self._by_tenant.setdefault(current_caller.get().tenant, {})

    def _nothing(self) -> NotFound:
        return NotFound(f"there is no such simulated {self._noun}; a restart of the server forgets them all")
