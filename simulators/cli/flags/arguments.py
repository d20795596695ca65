"""Flags that several verbs share, and the validation of their values."""

import argparse
import sys
from typing import TypeAlias

from simulators.cli.flags.server_address import (
    Address,
    UsageError,
    checked_address,
    checked_url,
    default_iso,
    default_url,
)

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""What `add` of each verb adds its parser to."""

DEFAULT_DIALECT = "ascii_1987"
_SECONDS_MAX = 86_400


def add_server(verb: argparse.ArgumentParser) -> None:
    """Where the server is: HTTP API and ISO 8583 port."""
    verb.add_argument(
        "--url", default=default_url(), help="the server (default: TAPWRIGHT_URL, else http://127.0.0.1:8420)"
    )
    verb.add_argument(
        "--iso",
        metavar="HOST:PORT",
        default=default_iso(),
        help="the server's ISO 8583 port (default: TAPWRIGHT_ISO8583, else 127.0.0.1:8583)",
    )


def add_dialect(verb: argparse.ArgumentParser) -> None:
    """The ISO 8583 dialect of the connection."""
    verb.add_argument(
        "--dialect", default=DEFAULT_DIALECT, help=f"a built-in dialect, or a file (default: {DEFAULT_DIALECT})"
    )


def named_server(arguments: argparse.Namespace) -> tuple[str, Address] | None:
    """The server that is to be used, None for a fresh one; ``--url`` without a value means the default."""
    if arguments.url is None:
        return None
    return checked_url(arguments.url or default_url()), checked_address(arguments.iso, "--iso")


def checked_seconds(seconds: float) -> float:
    """A length of time in seconds. Raises: UsageError."""
    if not 0 < seconds <= _SECONDS_MAX:
        raise UsageError(f"--seconds {seconds}: must be more than 0 and at most {_SECONDS_MAX}")
    return seconds


def given_text(text: str) -> str:
    """An argument's text; ``-`` stands for standard input."""
    return sys.stdin.read() if text == "-" else text
