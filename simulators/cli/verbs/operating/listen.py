"""``tapwright listen``: prints what happens on a server, or delivers its events to a server of your own."""

import argparse

from simulators.cli.flags.arguments import Verbs
from simulators.cli.flags.listening_flags import add_listening_flags, as_json, follow, say
from simulators.cli.flags.server_address import UsageError, checked_url


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
        help="decisions, events, messages, clock, figures, requests, undecided_messages, separated by commas (default: "
        "those of the first four that the API key may hear; with --forward-to, events)",
    )
    listen.add_argument(
        "--forward-to", metavar="URL", help="deliver events to this URL; the secret of the signatures is printed first"
    )
    add_listening_flags(listen, "entries", "everything")
    listen.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.listening.entry_lines import line_of
    from simulators.listening.forwarding import Forwarder
    from simulators.listening.stream_client import Entry

    forward_to = None if arguments.forward_to is None else checked_url(arguments.forward_to, "--forward-to")
    if forward_to is not None and arguments.topics not in (None, "events"):
        raise UsageError("--forward-to delivers events: leave out --topics, or name events only")
    forwarder = None if forward_to is None else Forwarder(forward_to)

    def shown(entry: Entry) -> str | None:
        if forwarder is not None and entry.event == "event":
            return f"{line_of(entry)}  {forwarder.forward(entry.data)}"
        if arguments.json:
            return as_json(entry)
        return line_of(entry) if entry.event != "figures" or arguments.topics is not None else None

    try:
        if forwarder is not None:
            say(f"secret of the signatures: {forwarder.secret}")
        return follow(arguments, arguments.topics if forwarder is None else "events", shown)
    finally:
        if forwarder is not None:
            forwarder.close()
