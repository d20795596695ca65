"""``tapwright snapshot``: saves a running network under a name, and puts it back."""

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

from simulators.cli.flags.arguments import Verbs
from simulators.cli.flags.server_address import UsageError, checked_api_key, checked_url, default_url, no_server

if TYPE_CHECKING:
    from simulators.parties.snapshot_client import SnapshotClient


def add(verbs: Verbs) -> None:
    """Its flags."""
    snapshot = verbs.add_parser(
        "snapshot",
        help="save a whole network under a name, and put it back",
        description="Save the state of a running server's whole network under a name, and put it back later while the "
        "server runs: accounts, cards, tokens, keys, payments, the authorization program, the clock, and simulated "
        "phones and terminals. Snapshots are kept in the server's data directory.",
    )
    snapshot.add_argument(
        "action",
        choices=["save", "restore", "list", "delete"],
        help="save: save the network as it is now; restore: put it back as it was then; list: show the snapshots; "
        "delete: delete one, which leaves the network as it is",
    )
    snapshot.add_argument(
        "name", metavar="NAME", nargs="?", help="1 to 40 of a-z, 0-9, '-' and '_'; for all actions but list"
    )
    snapshot.add_argument("--replace", action="store_true", help="save: replace the snapshot that has this name")
    snapshot.add_argument(
        "--url", default=default_url(), help="the server (default: TAPWRIGHT_URL, else http://127.0.0.1:8420)"
    )
    snapshot.add_argument(
        "--api-key", metavar="KEY", help="an API key with the scope sandbox (default: the sandbox's own)"
    )
    snapshot.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    import httpx

    from simulators.parties.issuer_client import IssuerRefused
    from simulators.parties.snapshot_client import SnapshotClient

    action, name = arguments.action, arguments.name
    if action == "list" and name is not None:
        raise UsageError("snapshot list shows all: leave out the name")
    if action != "list" and not name:
        raise UsageError(f"snapshot {action} needs a name: tapwright snapshot {action} NAME")
    if action != "save" and arguments.replace:
        raise UsageError("--replace is for `tapwright snapshot save`")
    try:
        with SnapshotClient(checked_url(arguments.url), checked_api_key(arguments.api_key)) as client:
            for line in _lines(client, action, name, may_replace=arguments.replace):
                sys.stdout.write(f"{line}\n")
    except httpx.TransportError as error:
        sys.stderr.write(f"tapwright: {no_server(arguments.url, error)}\n")
        return 1
    except IssuerRefused as error:
        advice = "; --replace replaces it" if error.problem.get("code") == "snapshot_exists" else ""
        sys.stderr.write(f"tapwright: {error}{advice}\n")
        return 1
    return 0


def _lines(client: "SnapshotClient", action: str, name: str, *, may_replace: bool) -> list[str]:
    """What was done, or what there is. Raises: IssuerRefused."""
    begun = time.perf_counter()
    if action == "list":
        return [f"{each['name']:<40}  {_saved_at(each)}  {_content(each)}" for each in client.all()]
    if action == "delete":
        client.delete(name)
        return [f"deleted {name}"]
    if action == "save":
        saved = client.save(name, replace=may_replace)
        return [f"saved {name}: {_content(saved)}; {_seconds_since(begun)}"]
    restored = client.restore(name)
    snapshot = restored["snapshot"]
    return [
        f"restored {name} of {_saved_at(snapshot)}: {_content(snapshot)}; {_seconds_since(begun)}, "
        f"of which payments waited {restored['seconds']:.2f} s"
    ]


def _saved_at(snapshot: dict[str, Any]) -> str:
    return f"{snapshot['saved_at'][:19].replace('T', ' ')} UTC"


def _content(snapshot: dict[str, Any]) -> str:
    """Its size: 1 kB is 1,000 bytes."""
    return f"{snapshot['rows']:,} rows, {snapshot['sequence']:,} commands, {snapshot['bytes'] / 1_000:,.0f} kB"


def _seconds_since(begun: float) -> str:
    return f"{time.perf_counter() - begun:.2f} s"
