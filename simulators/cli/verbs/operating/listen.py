"""``tapwright listen``: prints what happens on a server, or delivers its events to a server of your own."""

import argparse
import sys

from simulators.cli.flags.arguments import Verbs
from simulators.cli.flags.server_address import UsageError, checked_url, default_url, no_server


def add(verbs: Verbs) -> None:
    """Its flags."""
    listen = verbs.add_parser(
        "listen",
        help="print what happens, or deliver events to a server of your own",
        description="Print what happens on a running server, one line each, until Ctrl-C: decisions, events, messages "
        "to cardholders, and changes of the clock. With --forward-to, events are delivered to a server of your own, "
        "signed as webhooks are; no endpoint is registered, and nothing is tried again.",
    )
    listen.add_argument(
        "--topics",
        metavar="TOPICS",
        help="decisions, events, messages, clock, figures, separated by commas (default: all but figures that the API "
        "key may hear; with --forward-to, events)",
    )
    listen.add_argument(
        "--forward-to", metavar="URL", help="deliver events to this URL; the secret of the signatures is printed first"
    )
    listen.add_argument("--json", action="store_true", help="print entries as JSON, one line each")
    listen.add_argument(
        "--url", default=default_url(), help="the server (default: TAPWRIGHT_URL, else http://127.0.0.1:8420)"
    )
    listen.add_argument(
        "--api-key", metavar="KEY", help="an API key (default: the sandbox's own, which hears everything)"
    )
    listen.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    import json

    import httpx

    from simulators.listening.entry_lines import line_of
    from simulators.listening.forwarding import Forwarder
    from simulators.listening.stream_client import StreamClient, StreamRefused
    from simulators.parties.sandbox_constants import SANDBOX_API_KEY

    forward_to = None if arguments.forward_to is None else checked_url(arguments.forward_to, "--forward-to")
    if forward_to is not None and arguments.topics not in (None, "events"):
        raise UsageError("--forward-to delivers events: leave out --topics, or name events only")
    if not (arguments.api_key or "").isascii():
        raise UsageError("--api-key must have ASCII characters only")
    topics = arguments.topics if forward_to is None else "events"
    api_key = arguments.api_key or SANDBOX_API_KEY
    forwarder = None if forward_to is None else Forwarder(forward_to)
    client = StreamClient(
        checked_url(arguments.url), api_key, topics, begun=_say_that_it_listens, lost=_say_that_it_is_lost
    )
    try:
        if forwarder is not None:
            _say(f"secret of the signatures: {forwarder.secret}")
        for entry in client.entries():
            if forwarder is not None and entry.event == "event":
                _say(f"{line_of(entry)}  {forwarder.forward(entry.data)}")
            elif arguments.json:
                _say(json.dumps({"id": entry.id, "event": entry.event, "data": entry.data}))
            elif entry.event != "figures" or arguments.topics is not None:
                _say(line_of(entry))
    except httpx.TransportError as error:
        sys.stderr.write(f"tapwright: {no_server(arguments.url, error)}\n")
    except StreamRefused as error:
        sys.stderr.write(f"tapwright: {error}\n")
    finally:
        if forwarder is not None:
            forwarder.close()
    return 1


def _say(line: str) -> None:
    """At once, whoever reads."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _say_that_it_listens() -> None:
    sys.stderr.write("tapwright: listening; Ctrl-C ends it\n")


def _say_that_it_is_lost() -> None:
    sys.stderr.write("tapwright: the connection is lost; trying again\n")
