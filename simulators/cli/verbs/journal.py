"""``tapwright journal``: verify, dump, checkpoint, upgrade, accept a loss."""

import argparse
from pathlib import Path

from simulators.cli.arguments import Verbs
from simulators.cli.server_address import UsageError
from simulators.cli.settings_flags import vault_settings


def add(verbs: Verbs) -> None:
    """Its flags."""
    journal = verbs.add_parser(
        "journal",
        help="verify, dump or upgrade a data directory's journal, make a checkpoint of it, go on after a loss",
        description="Read a data directory's journal, also while a server works in it; upgrade it while none does.",
    )
    journal.add_argument(
        "action",
        choices=["verify", "dump", "checkpoint", "upgrade", "accept-loss"],
        help="verify: is every byte as it was written; dump: commands as lines of JSON; checkpoint: make one of all "
        "sealed segments; upgrade: convert a journal that an earlier version has written; accept-loss: go on without "
        "what a journal has lost",
    )
    journal.add_argument(
        "--data-dir", type=Path, default=Path("tapwright-data"), help="the data directory (./tapwright-data)"
    )
    journal.add_argument("--database", help="accept-loss: the vault's database (SQLite in the data directory)")
    journal.add_argument("--root-key-file", type=Path, help="accept-loss: the vault's root key (root.key)")
    journal.add_argument("--first", type=int, default=1, help="dump: the first command (1)")
    journal.add_argument("--last", type=int, help="dump: the last command (the journal's last)")
    journal.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.journal import run_accept_loss, run_journal_verb

    if arguments.first < 1 or (arguments.last is not None and arguments.last < arguments.first):
        raise UsageError("--first and --last are the numbers of commands, 1 and more, in this order")
    if arguments.action == "accept-loss":
        settings = vault_settings(arguments)
        return 2 if settings is None else run_accept_loss(settings)
    return run_journal_verb(arguments.action, arguments.data_dir, arguments.first, arguments.last)
