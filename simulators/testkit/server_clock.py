"""A client of a server's sandbox clock, which follows it between calls."""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from simulators.parties.issuer_client import Issuer

_DAYS = "/v1/simulations/days"


class ServerClock:
    """Unix seconds. sandbox: a client whose key has the scope sandbox.  wall_clock: real time, as the server has it."""

    def __init__(self, sandbox: Issuer, wall_clock: Callable[[], float] = time.time) -> None:
        self._sandbox = sandbox
        self.wall_clock = wall_clock
        self.read_again()

    def __call__(self) -> float:
        """The sandbox's time now."""
        return self._now if self._frozen else self.wall_clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Go forward. Raises: IssuerRefused."""
        self._change({"advance_seconds": seconds})

    def set_to(self, moment: datetime) -> None:
        """Go forward to a time. Raises: IssuerRefused where it has passed."""
        self._change({"set_to": moment.isoformat()})

    def close_days(self, until: date | None = None, *, days: int = 1) -> dict[str, Any]:
        """Go forward to just after the end of a local day, and close all days up to it; what came of it.

        until: the last day to close; the last of so many from today on if left out.  Raises: IssuerRefused.
        """
        last = until
        if last is None:
            last = date.fromisoformat(self._sandbox.call("GET", _DAYS)["today"]) + timedelta(days=days - 1)
        closed = self._sandbox.call("POST", _DAYS, {"until": last.isoformat()})
        self.read_again()
        return closed

    def freeze(self) -> None:
        """Stand still."""
        self._change({"frozen": True})

    def run(self) -> None:
        """Go on from where it stood."""
        self._change({"frozen": False})

    def read_again(self) -> None:
        """Follow a clock that was changed by somebody else. Raises: IssuerRefused."""
        self._take(self._sandbox.call("GET", "/v1/simulations/clock"))

    def _change(self, body: dict[str, Any]) -> None:
        self._take(self._sandbox.call("POST", "/v1/simulations/clock", body))

    def _take(self, told: dict[str, Any]) -> None:
        self._now = datetime.fromisoformat(told["now"]).timestamp()
        self._frozen = bool(told["frozen"])
        self._ahead = self._now - self.wall_clock()
