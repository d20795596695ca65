"""A server that others use, too: what a scenario changes there for everybody is put back when it has ended."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer, IssuerRefused
from simulators.parties.snapshot_client import SnapshotClient
from simulators.process.start_error import StartError

_CLOCK, _ISSUER = "/v1/simulations/clock", "/v1/simulations/issuer"
_PROGRAM, _POLICY = "/v1/program", "/v1/provisioning_policy"
_NOTICED_SECONDS = 2.0
"""A clock that differs by less was not changed: calls take their time."""

_FAILURES = (httpx.TransportError, IssuerRefused)


@dataclass(frozen=True)
class _Found:
    """A server as a scenario has found it. program, policy: as the API takes them.  clock: Unix seconds at taken_at.

    is_reachable: whether its issuer is.
    """

    program: dict[str, Any]
    policy: dict[str, Any]
    is_reachable: bool
    clock: float
    is_frozen: bool
    taken_at: float

    def clock_now(self, moment: float) -> float:
        """What the clock would show by now. moment: of the wall clock."""
        return self.clock if self.is_frozen else self.clock + moment - self.taken_at


@contextmanager
def put_back_afterwards(http_url: str, left: list[str], wall_clock: Callable[[], float] = time.time) -> Iterator[None]:
    """Afterwards the server has the authorization program, the provisioning policy and the clock that it has now, and
    its issuer can be reached if it can now.

    A clock that was set forward cannot be set back, so it stays. wall_clock: Unix seconds.
    left: gets a sentence for everything that stays otherwise than it was.
    """
    with Issuer(http_url, sandbox_constants.SANDBOX_API_KEY) as operator:
        try:
            found = _look(operator, wall_clock)
        except _FAILURES:
            found = None  # whoever plays the scenario says so
        try:
            yield
        finally:
            if found is not None:
                _put_back(operator, found, left, wall_clock)


@contextmanager
def restored_afterwards(http_url: str, left: list[str]) -> Iterator[None]:
    """Afterwards the whole network of the server is as it is now, by a snapshot of its own.

    left: gets a sentence where that did not work.  Raises: StartError where it cannot be saved.
    """
    name = f"scenario-{secrets.token_hex(8)}"
    with SnapshotClient(http_url) as snapshots:
        try:
            snapshots.save(name)
        except _FAILURES as error:
            raise StartError(f"the network of the server at {http_url} cannot be saved: {error}") from None
        try:
            yield
        finally:
            try:
                snapshots.restore(name)
                snapshots.delete(name)
            except _FAILURES as error:
                left.append(f"the server is not restored: {error}")


def _look(operator: Issuer, wall_clock: Callable[[], float]) -> _Found:
    clock = operator.call("GET", _CLOCK)
    return _Found(
        operator.call("GET", _PROGRAM)["document"],
        {name: part for name, part in operator.call("GET", _POLICY).items() if name != "version"},
        bool(operator.call("GET", _ISSUER)["reachable"]),
        datetime.fromisoformat(clock["now"]).timestamp(),
        bool(clock["frozen"]),
        wall_clock(),
    )


def _put_back(operator: Issuer, found: _Found, left: list[str], wall_clock: Callable[[], float]) -> None:
    try:
        now = _look(operator, wall_clock)
        if now.program != found.program:
            operator.call("PUT", _PROGRAM, found.program)
        if now.policy != found.policy:
            operator.call("PUT", _POLICY, found.policy)
        if now.is_reachable != found.is_reachable:
            operator.call("POST", _ISSUER, {"reachable": found.is_reachable})
        ahead = now.clock - found.clock_now(now.taken_at)
        if ahead < -_NOTICED_SECONDS:
            operator.call("POST", _CLOCK, {"advance_seconds": -ahead})
        elif ahead > _NOTICED_SECONDS:
            forward = timedelta(seconds=round(ahead))
            left.append(f"the server's clock stays {forward} ahead; with --restore it would be set back")
        if now.is_frozen != found.is_frozen:
            operator.call("POST", _CLOCK, {"frozen": found.is_frozen})
    except _FAILURES as error:
        left.append(f"the server's program, policy and clock are not put back: {error}")
