"""A client of ``GET /v1/stream``: entries as they come, going on where it was when the connection breaks."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

_SILENCE_SECONDS_MAX = 45.0
"""The server breaks a silence every 15 seconds: after three times that nobody is there."""
_CONNECT_SECONDS_MAX = 10.0
_RETRY_SECONDS = 1.0
_TOO_MANY = 503


class StreamRefused(Exception):
    """The server does not let this client listen; the text says why."""


@dataclass(frozen=True)
class Entry:
    """One entry. id: where to go on after it.  event: what kind it is.  data: what it tells."""

    id: str
    event: str
    data: dict[str, Any]


class StreamClient:
    """Listens until its iterator is given up.

    topics: None for all that the API key may hear.  pause: waits for so many seconds.  begun, lost: called
    whenever it begins to hear, and whenever the connection has broken, before the next attempt.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        topics: str | None,
        pause: Callable[[float], None] = time.sleep,
        begun: Callable[[], None] = lambda: None,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._parameters = {} if topics is None else {"topics": topics}
        self._pause = pause
        self._begun, self._lost = begun, lost
        self._last_id = ""
        self._retry_seconds = _RETRY_SECONDS

    def entries(self) -> Iterator[Entry]:
        """Entries, each once. Raises: StreamRefused; httpx.TransportError if nobody answers the first attempt."""
        timeout = httpx.Timeout(_SILENCE_SECONDS_MAX, connect=_CONNECT_SECONDS_MAX)
        with httpx.Client(timeout=timeout, trust_env=False) as http:
            while True:
                try:
                    yield from self._connected(http)
                except httpx.TransportError:
                    if not self._last_id:
                        raise
                self._lost()
                self._pause(self._retry_seconds)

    def _connected(self, http: httpx.Client) -> Iterator[Entry]:
        headers = self._headers | ({"Last-Event-ID": self._last_id} if self._last_id else {})
        with http.stream("GET", f"{self._url}/v1/stream", params=self._parameters, headers=headers) as answer:
            if answer.status_code == _TOO_MANY and self._last_id:
                return  # it is about to stop, or others have come first
            if answer.status_code != httpx.codes.OK:
                answer.read()
                raise StreamRefused(_detail(answer))
            yield from self._entries_of(answer.iter_lines())

    def _entries_of(self, lines: Iterator[str]) -> Iterator[Entry]:
        """Entries of one connection. What is no whole block at its end was not said."""
        fields: dict[str, str] = {}
        for line in lines:
            if line:
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")
                continue
            self._last_id = fields.get("id", self._last_id)
            if fields.get("retry", "").isdigit():
                self._retry_seconds = int(fields["retry"]) / 1000
                self._begun()  # the first block says how soon to come back
            if "data" in fields:
                yield Entry(self._last_id, fields.get("event", "message"), json.loads(fields["data"]))
            fields = {}


def _detail(answer: httpx.Response) -> str:
    """Why a server refuses, in its own words where it has some."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
