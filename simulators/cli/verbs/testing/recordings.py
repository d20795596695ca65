"""``tapwright record`` and ``tapwright replay``: real ISO 8583 traffic, recorded and replayed."""

import argparse
from pathlib import Path

from simulators.cli.flags.arguments import Verbs, add_dialect, checked_seconds
from simulators.cli.flags.server_address import checked_address, checked_port, default_iso


def add(verbs: Verbs) -> None:
    """Their flags."""
    record = verbs.add_parser(
        "record",
        help="record real ISO 8583 traffic",
        description="Relay the traffic between terminals and a host, and record it. The file contains the "
        "complete messages, including card numbers; only its owner can read it.",
    )
    record.add_argument("file", type=Path, help="the recording to create; the file must not exist")
    record.add_argument(
        "--to",
        metavar="HOST:PORT",
        default=default_iso(),
        help="the ISO 8583 host (default: TAPWRIGHT_ISO8583, else 127.0.0.1:8583)",
    )
    record.add_argument(
        "--port", type=int, default=8593, help="port that terminals connect to (default: 8593; 0: a free port)"
    )
    add_dialect(record)
    record.set_defaults(run=_record)
    replay = verbs.add_parser(
        "replay",
        help="replay recorded traffic",
        description="Send every recorded request again and compare DE 39. The exit code is 1 if an answer differs.",
    )
    replay.add_argument("file", type=Path, help="the recording")
    replay.add_argument(
        "--to",
        metavar="HOST:PORT",
        default=default_iso(),
        help="the ISO 8583 host (default: TAPWRIGHT_ISO8583, else 127.0.0.1:8583)",
    )
    replay.add_argument(
        "--seconds", type=float, default=10.0, help="how long to wait for each answer, in seconds (default: 10)"
    )
    add_dialect(replay)
    replay.set_defaults(run=_replay)


def _record(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.recordings import record_verb

    return record_verb(
        checked_address(arguments.to, "--to"), checked_port(arguments.port), arguments.file, arguments.dialect
    )


def _replay(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.recordings import replay_verb

    return replay_verb(
        arguments.file, checked_address(arguments.to, "--to"), arguments.dialect, checked_seconds(arguments.seconds)
    )
