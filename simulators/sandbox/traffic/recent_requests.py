"""The latest HTTP requests and their outcome, without anything that was sent or answered in them."""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tokenvault.http.protocol.current_request import CurrentRequest
from tokenvault.vocabulary.errors import NotFound

REQUESTS_MAX = 1_000
_PATH_CHARACTERS_MAX = 200
_LONG_NUMBER = re.compile(r"(?<![0-9A-Za-z_])\d{8,}|\d{14,}", re.ASCII)
"""By mistake an address may hold the number of a card. Identifiers have 13 characters, which may all be digits."""
_FAILED = 400


@dataclass(frozen=True, slots=True)
class AnsweredRequest:
    """One request. number: counted since the server has started.  id: as its answer names it.

    time_us: when it came, Unix microseconds.  milliseconds: until its answer was complete; of a stream, until it began.
    method, path: None where the request could not be parsed; no query, for that may be anything.
    status: None where the client has left before it was answered.
    problem_code: of an error that is a problem document.  api_key: name of the caller's key, None where none was known.
    tenant: the key's, None without one.
    """

    number: int
    id: str
    time_us: int
    milliseconds: float
    method: str | None
    path: str | None
    status: int | None
    problem_code: str | None
    api_key: str | None
    tenant: str | None

    @property
    def has_failed(self) -> bool:
        """Whether it was answered with an error, or not at all."""
        return self.status is None or self.status >= _FAILED


class RecentRequests:
    """Belongs to the event loop. clock: Unix seconds of the network's clock."""

    def __init__(self, clock: Callable[[], float], kept: int = REQUESTS_MAX) -> None:
        self._clock = clock
        self._kept: deque[AnsweredRequest] = deque(maxlen=kept)
        self.count = 0

    def now_us(self) -> int:
        """The network's time, Unix microseconds."""
        return int(self._clock() * 1_000_000)

    def note(
        self,
        request: CurrentRequest,
        came_us: int,
        milliseconds: float,
        method: str | None,
        path: str | None,
        status: int | None,
    ) -> None:
        """Keep one that was answered; the oldest makes room."""
        self.count += 1
        caller = request.caller if request.caller is not None and request.caller.scopes else None
        self._kept.append(
            AnsweredRequest(
                self.count,
                request.id,
                came_us,
                round(milliseconds, 3),
                method,
                None if path is None else shown_path(path),
                status,
                request.problem_code,
                None if caller is None else caller.name,
                None if caller is None else caller.tenant,
            )
        )

    def newest_first(self) -> list[AnsweredRequest]:
        """Those that are kept."""
        return list(reversed(self._kept))

    def behind(self, number: int) -> list[AnsweredRequest]:
        """Those with a higher number that are kept, the oldest first."""
        missing = max(0, min(len(self._kept), self.count - number))
        return [self._kept[place] for place in range(len(self._kept) - missing, len(self._kept))]

    def named(self, identifier: str) -> AnsweredRequest:
        """One by its identifier. Raises: NotFound, also where it is no longer kept."""
        for request in self._kept:
            if request.id == identifier:
                return request
        raise NotFound("no request with this identifier is kept")


def shown_path(path: str) -> str:
    """A path as it may be listed: printable, not too long, and without long numbers."""
    printable = path[:_PATH_CHARACTERS_MAX]
    if not printable.isprintable():
        printable = "".join(each if each.isprintable() else "?" for each in printable)
    return _LONG_NUMBER.sub(lambda found: "*" * len(found[0]), printable)
