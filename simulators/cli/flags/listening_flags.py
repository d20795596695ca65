"""Flags of the verbs that print what a server's stream tells, and the printing."""

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulators.cli.flags.server_address import checked_api_key, checked_url, default_url, no_server

if TYPE_CHECKING:
    from simulators.listening.stream_client import Entry

Shown = Callable[["Entry"], str | None]
"""An entry as a line, None where it is left out."""


def add_listening_flags(parser: argparse.ArgumentParser, what_json_prints: str, key_hears: str) -> None:
    """Where to listen, with which key, and in which form. key_hears: what the sandbox's own key hears."""
    parser.add_argument("--json", action="store_true", help=f"print {what_json_prints} as JSON, one line each")
    parser.add_argument(
        "--url", default=default_url(), help="the server (default: TAPWRIGHT_URL, else http://127.0.0.1:8420)"
    )
    parser.add_argument(
        "--api-key", metavar="KEY", help=f"an API key (default: the sandbox's own, which hears {key_hears})"
    )


def say(line: str) -> None:
    """Print at once, whoever reads."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def follow(arguments: argparse.Namespace, topics: str | None, shown: Shown) -> int:
    """Print what is told until interrupted; returns the exit code of a stream that was refused or never there.

    topics: None for all that the key may hear. Raises: UsageError.
    """
    import httpx

    from simulators.listening.stream_client import StreamClient, StreamRefused

    client = StreamClient(
        checked_url(arguments.url),
        checked_api_key(arguments.api_key),
        topics,
        begun=_say_that_it_listens,
        lost=_say_that_it_is_lost,
    )
    try:
        for entry in client.entries():
            line = shown(entry)
            if line is not None:
                say(line)
    except httpx.TransportError as error:
        sys.stderr.write(f"tapwright: {no_server(arguments.url, error)}\n")
    except StreamRefused as error:
        sys.stderr.write(f"tapwright: {error}\n")
    return 1


def as_json(entry: "Entry") -> str:
    """An entry for programs."""
    import json

    return json.dumps({"id": entry.id, "event": entry.event, "data": entry.data})


def _say_that_it_listens() -> None:
    sys.stderr.write("tapwright: listening; Ctrl-C ends it\n")


def _say_that_it_is_lost() -> None:
    sys.stderr.write("tapwright: the connection is lost; trying again\n")
