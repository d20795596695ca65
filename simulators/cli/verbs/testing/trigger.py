"""``tapwright trigger``: makes an event happen on a running server."""

import argparse
import sys

from simulators.cli.flags.arguments import Verbs
from simulators.cli.flags.server_address import UsageError, checked_api_key, checked_url, default_url, no_server
from tokenvault.vocabulary.event_types import EventType


def add(verbs: Verbs) -> None:
    """Its flags."""
    trigger = verbs.add_parser(
        "trigger",
        help="make an event happen on a running server",
        description="Make an event happen on a running server, with a new account, card and simulated phone where it "
        "needs them, and print the event: its type, its identifier, and what it happened to.",
    )
    trigger.add_argument(
        "event",
        nargs="?",
        metavar="EVENT",
        choices=list(EventType),
        help="type of the event, such as authorization.approved; --list shows all of them",
    )
    trigger.add_argument("--list", action="store_true", help="show every type, and what makes it happen")
    trigger.add_argument("--json", action="store_true", help="print the whole event as JSON")
    trigger.add_argument(
        "--url", default=default_url(), help="the server (default: TAPWRIGHT_URL, else http://127.0.0.1:8420)"
    )
    trigger.add_argument(
        "--api-key",
        metavar="KEY",
        help="an API key with the scopes issuer, wallet and sandbox (default: the sandbox's own)",
    )
    trigger.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.triggers.table import NOT_TRIGGERED

    if arguments.list:
        _show_types()
        return 0
    if arguments.event is None:
        raise UsageError("trigger needs the type of an event; `tapwright trigger --list` shows all of them")
    event_type = EventType(arguments.event)
    if event_type in NOT_TRIGGERED:
        raise UsageError(f"{event_type} cannot be triggered: {NOT_TRIGGERED[event_type]}")
    api_key = checked_api_key(arguments.api_key)
    return _triggered(event_type, checked_url(arguments.url), api_key, as_json=arguments.json)


def _show_types() -> None:
    from simulators.triggers.table import described

    width = max(map(len, EventType))
    for event_type in EventType:
        sys.stdout.write(f"{event_type:<{width}}  {described(event_type)}\n")


def _triggered(event_type: EventType, url: str, api_key: str, *, as_json: bool) -> int:
    import json

    import httpx

    from simulators.parties.issuer_client import IssuerRefused
    from simulators.triggers.stage import NotTriggered, Stage
    from simulators.triggers.table import trigger

    try:
        with Stage(url, api_key) as stage:
            event = trigger(stage, event_type)
    except httpx.TransportError as error:
        sys.stderr.write(f"tapwright: {no_server(url, error)}\n")
        return 1
    except (IssuerRefused, NotTriggered) as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    line = json.dumps(event, indent=2) if as_json else f"{event['type']}  {event['id']}  {event['resource_id']}"
    sys.stdout.write(f"{line}\n")
    return 0
