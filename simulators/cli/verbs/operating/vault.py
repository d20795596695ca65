"""``tapwright audit`` and ``tapwright keys``: maintenance of a vault's database."""

import argparse
from pathlib import Path

from simulators.cli.flags.arguments import Verbs
from simulators.cli.flags.settings_flags import add_vault_flags, vault_settings


def add(verbs: Verbs) -> None:
    """Their flags."""
    audit = verbs.add_parser(
        "audit",
        help="verify the vault's audit trail",
        description="Verify the hash chain of the audit trail and print its head. Record the head elsewhere: "
        "a later run with --head then detects whether entries were removed. Settings come from "
        "the environment and ./tapwright.toml, as with serve.",
    )
    audit.add_argument("action", choices=["verify"], help="verify: check that no entry was changed and none is missing")
    audit.add_argument("--head", help="a head that an earlier run printed, which the audit trail must still contain")
    add_vault_flags(audit)
    audit.set_defaults(run=_run)

    keys = verbs.add_parser(
        "keys",
        help="re-encrypt the vault's keys under another root key (rewrap)",
        description="Re-encrypt every key under another root key while no server is running; then start the server "
        "with the new root key. Data keys are rotated over the HTTP API while the server is "
        "running.",
    )
    keys.add_argument("action", choices=["rewrap"], help="rewrap: re-encrypt under the root key in --new-root-key-file")
    keys.add_argument(
        "--new-root-key-file",
        metavar="FILE",
        type=Path,
        required=True,
        help="file of the new root key; created if it does not exist",
    )
    add_vault_flags(keys)
    keys.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.vault import run_vault_verb

    settings = vault_settings(arguments)
    if settings is None:
        return 2
    return run_vault_verb(settings, getattr(arguments, "head", None), getattr(arguments, "new_root_key_file", None))
