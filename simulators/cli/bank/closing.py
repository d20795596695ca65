"""``tapwright bank close``: closes the days of a running server's bank, with a line that tells how far it has come."""

import argparse
import sys
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from simulators.cli.flags.server_address import UsageError, checked_api_key, checked_url, no_server

if TYPE_CHECKING:
    from simulators.parties.days_client import DaysClient

_TOLD_EVERY_SECONDS = 0.5
_LINE_WIDTH = 78


def add_flags(bank: argparse.ArgumentParser) -> None:
    """Its flags."""
    bank.add_argument(
        "--until",
        metavar="DATE",
        help="close: the last day to close, such as 2027-02-05, in the program's time zone (default: today there)",
    )


def run_close(arguments: argparse.Namespace) -> int:
    """Set the server's clock forward to the end of a day, and close all days up to it; returns the exit code.

    Raises: UsageError.
    """
    import httpx

    from simulators.parties.days_client import DaysClient
    from simulators.parties.issuer_client import IssuerRefused

    until = None if arguments.until is None else _date(arguments.until)
    url, api_key = checked_url(arguments.url), checked_api_key(arguments.api_key)
    try:
        with DaysClient(url, api_key) as client, DaysClient(url, api_key) as watcher:
            closed = _watched(lambda: client.close_days(until or client.today()), watcher)
    except httpx.TransportError as error:
        sys.stderr.write(f"tapwright: {no_server(arguments.url, error)}\n")
        return 1
    except IssuerRefused as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    sys.stdout.write(f"{_told(closed)}\n")
    return 0


def _date(text: str) -> date:
    """A date as it is written in ISO 8601. Raises: UsageError."""
    try:
        written = date.fromisoformat(text)
    except ValueError:
        written = None
    if written is None or written.isoformat() != text:
        raise UsageError(f"--until {text!r} is not a date such as 2027-02-05")
    return written


def _watched(work: Callable[[], dict[str, Any]], watcher: "DaysClient") -> dict[str, Any]:
    """Do the work; meanwhile a line on a terminal tells how far it has come. Raises: what the work raises."""
    from concurrent.futures import ThreadPoolExecutor, wait

    shows = sys.stderr.isatty()
    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(work)
        while not wait([working], _TOLD_EVERY_SECONDS).done:
            if shows and (line := watcher.line()):
                sys.stderr.write(f"\r{line:<{_LINE_WIDTH}}")
                sys.stderr.flush()
        if shows:
            sys.stderr.write(f"\r{'':<{_LINE_WIDTH}}\r")
        return working.result()


def _told(closed: dict[str, Any]) -> str:
    """What was closed, in one line."""
    made = ", ".join(_counted(closed[f"{each}s"], each) for each in ("account", "statement", "posting"))
    return f"closed {_counted(closed['days'], 'day')} until {closed['until']}: {made}; {closed['seconds']:.2f} s"


def _counted(number: int, what: str) -> str:
    """1 day, 2 days."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
