"""``tapwright audit`` and ``tapwright keys``: what is done with a vault's database beside its server."""

import argparse
from pathlib import Path

from simulators.cli.arguments import Verbs
from simulators.cli.settings_flags import add_vault_flags, vault_settings


def add(verbs: Verbs) -> None:
    """Their flags."""
    audit = verbs.add_parser(
        "audit",
        help="verify the vault's audit trail",
        description="Follow the chain of the audit trail and print its head, which is worth noting elsewhere: a later "
        "run with --head shows whether anything was cut off since. Settings come from the environment and "
        "./tapwright.toml, as with serve.",
    )
    audit.add_argument("action", choices=["verify"], help="verify: is every entry as it was written, and none missing")
    audit.add_argument("--head", help="a head that an earlier run has printed: the trail must still contain it")
    add_vault_flags(audit)
    audit.set_defaults(run=_run)

    keys = verbs.add_parser(
        "keys",
        help="wrap the vault's keys by another root key",
        description="Wrap every key by another root key while no server runs; then start it with that one. Data keys "
        "are rotated over the HTTP API, while the server runs.",
    )
    keys.add_argument("action", choices=["rewrap"], help="rewrap: by the root key in --new-root-key-file")
    keys.add_argument("--new-root-key-file", type=Path, required=True, help="made if it is not there")
    add_vault_flags(keys)
    keys.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.vault import run_vault_verb

    settings = vault_settings(arguments)
    if settings is None:
        return 2
    return run_vault_verb(settings, getattr(arguments, "head", None), getattr(arguments, "new_root_key_file", None))
