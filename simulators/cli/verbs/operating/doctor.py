"""``tapwright doctor``: checks whether the files of a data directory are intact and consistent."""

import argparse

from simulators.cli.flags.arguments import Verbs
from simulators.cli.flags.settings_flags import add_vault_flags, vault_settings


def add(verbs: Verbs) -> None:
    """Its flags."""
    doctor = verbs.add_parser(
        "doctor",
        help="check whether the files of a data directory are intact and consistent",
        description="Read the vault, its audit trail, the journal, its checkpoints and the history "
        "completely, and compare them with each other. A server may be using the data directory. "
        "Settings come from the environment and ./tapwright.toml, as with serve.",
    )
    add_vault_flags(doctor)
    doctor.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from simulators.cli.actions.doctor import run_doctor

    settings = vault_settings(arguments)
    return 2 if settings is None else run_doctor(settings)
