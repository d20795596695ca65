"""``tapwright explain``: explains a decision, check by check."""

import argparse
import sys
from pathlib import Path

from simulators.cli.flags.arguments import Verbs
from simulators.cli.flags.data_directory import checked_data_directory
from simulators.cli.flags.server_address import UsageError, checked_api_key, checked_url, default_url, no_server


def add(verbs: Verbs) -> None:
    """Its flags."""
    explain = verbs.add_parser(
        "explain",
        help="explain a decision, check by check",
        description="Print the outcome of an authorization decision and its DE 39, every check in the order of "
        "evaluation with its value and its bound, the rules, and the postings. The decision is read from a running "
        "server, or from the journal of a data directory.",
    )
    explain.add_argument(
        "authorization_id", metavar="ID", help="identifier of the decision, auth_...; DE 62 of the answer"
    )
    explain.add_argument(
        "--url", default=default_url(), help="the server (default: TAPWRIGHT_URL, else http://127.0.0.1:8420)"
    )
    explain.add_argument(
        "--api-key",
        metavar="KEY",
        help="an API key with the scope issuer, network or sandbox (default: the sandbox's own)",
    )
    explain.add_argument(
        "--data-dir",
        metavar="DIR",
        type=Path,
        help="read the journal of this data directory instead of calling a server",
    )
    explain.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    import httpx
    from rich.console import Console

    from authz.journal.data_directory import JOURNAL
    from authz.vocabulary.errors import EngineError
    from simulators.parties.issuer_client import IssuerRefused
    from simulators.testkit.decision_table import read_decision, show_decision
    from tokenvault.vocabulary.errors import CallerError, NotFound
    from tokenvault.vocabulary.identifiers import Prefix, to_number

    try:
        to_number(Prefix.AUTHORIZATION, arguments.authorization_id)
    except NotFound as error:
        raise UsageError(str(error)) from None
    api_key = checked_api_key(arguments.api_key)
    data_dir = None if arguments.data_dir is None else checked_data_directory(arguments.data_dir)
    if data_dir is not None and not (data_dir / JOURNAL).is_dir():
        sys.stderr.write(f"tapwright: there is no journal in {data_dir}\n")
        return 1
    try:
        decision = read_decision(
            arguments.authorization_id,
            url=checked_url(arguments.url),
            api_key=api_key,
            data_dir=data_dir,
        )
    except httpx.TransportError as error:
        sys.stderr.write(f"tapwright: {no_server(arguments.url, error)}\n")
        return 1
    except (IssuerRefused, CallerError, EngineError, OSError) as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    show_decision(decision, Console())
    return 0
