"""``tapwright journal``: verify, dump, checkpoint, upgrade, accept a loss."""

import argparse
from pathlib import Path

from simulators.cli.flags.arguments import Verbs
from simulators.cli.flags.server_address import UsageError
from simulators.cli.flags.settings_flags import vault_settings


def add(verbs: Verbs) -> None:
    """Its flags."""
    journal = verbs.add_parser(
        "journal",
        help="verify, dump or upgrade a journal, make a checkpoint, or accept a loss",
        description="Work on the journal of a data directory. A server may be using the directory, except for "
        "upgrade and accept-loss.",
    )
    journal.add_argument(
        "action",
        choices=["verify", "dump", "checkpoint", "upgrade", "accept-loss"],
        help="verify: check every byte; dump: print commands as JSON lines; checkpoint: make a "
        "checkpoint of all sealed segments; upgrade: convert a journal of an earlier version; "
        "accept-loss: end a damaged journal at its last intact command",
    )
    journal.add_argument(
        "--data-dir",
        metavar="DIR",
        type=Path,
        default=Path("tapwright-data"),
        help="the data directory (default: ./tapwright-data)",
    )
    journal.add_argument(
        "--database", metavar="URL", help="accept-loss: the vault's database (default: SQLite in the data directory)"
    )
    journal.add_argument(
        "--root-key-file", metavar="FILE", type=Path, help="accept-loss: the vault's root key file (default: root.key)"
    )
    journal.add_argument("--first", type=int, default=1, help="dump: number of the first command (default: 1)")
    journal.add_argument("--last", type=int, help="dump: number of the last command (default: the last in the journal)")
    journal.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.journal import run_accept_loss, run_journal_verb

    if arguments.first < 1 or (arguments.last is not None and arguments.last < arguments.first):
        raise UsageError("--first and --last must be numbers of commands from 1, and --last not less than --first")
    if arguments.action == "accept-loss":
        settings = vault_settings(arguments)
        return 2 if settings is None else run_accept_loss(settings)
    return run_journal_verb(arguments.action, arguments.data_dir, arguments.first, arguments.last)
