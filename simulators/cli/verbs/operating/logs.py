"""``tapwright logs``: prints HTTP requests and ISO 8583 messages with their outcome, as they come."""

import argparse
import re

from simulators.cli.flags.arguments import Verbs
from simulators.cli.flags.listening_flags import add_listening_flags, as_json, follow
from simulators.cli.flags.server_address import UsageError

_STATUS = re.compile(r"[0-9A-Z]{2,3}", re.ASCII)


def add(verbs: Verbs) -> None:
    """Its flags."""
    logs = verbs.add_parser(
        "logs",
        help="print HTTP requests and ISO 8583 messages with their outcome",
        description="Print HTTP requests and ISO 8583 messages of a running server with their outcome, one line each, "
        "until Ctrl-C. It shows no card data, no bodies and no queries.",
    )
    side = logs.add_mutually_exclusive_group()
    side.add_argument("--http", action="store_true", help="HTTP requests only")
    side.add_argument("--iso-8583", action="store_true", help="ISO 8583 messages only")
    logs.add_argument("--errors", action="store_true", help="only what failed: HTTP 400 and above, and declines")
    logs.add_argument(
        "--status", metavar="STATUS", help="only these HTTP statuses and response codes (DE 39), separated by commas"
    )
    add_listening_flags(logs, "entries of the stream", "both")
    logs.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.listening.log_lines import HTTP, ISO, LogFilter, log_line

    statuses = frozenset() if arguments.status is None else frozenset(arguments.status.split(","))
    for status in statuses:
        if not _STATUS.fullmatch(status):
            raise UsageError(f"--status {status[:20]!r} is neither an HTTP status nor a response code (DE 39)")
    chosen = LogFilter(statuses, errors_only=arguments.errors)
    topics = HTTP if arguments.http else ISO if arguments.iso_8583 else HTTP | ISO
    shown = as_json if arguments.json else log_line
    return follow(arguments, ",".join(sorted(topics)), lambda entry: shown(entry) if chosen.chooses(entry) else None)
