"""Settings for verbs: flags, then environment, then ``tapwright.toml``, and messages for invalid settings."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulators.sandbox.settings.earlier_settings import EARLIER_SETTINGS
from simulators.sandbox.settings.misspelt_variables import misspelt_settings
from simulators.sandbox.settings.problems import setting_problem

if TYPE_CHECKING:
    from simulators.sandbox.settings.settings import Settings

_VAULT_FLAGS = ("data_dir", "database", "root_key_file")


def add_vault_flags(verb: argparse.ArgumentParser) -> None:
    """Where the vault is: flags of verbs that open one."""
    verb.add_argument("--data-dir", metavar="DIR", type=Path, help="the data directory (default: ./tapwright-data)")
    verb.add_argument(
        "--database",
        metavar="URL",
        help="the vault's database, postgresql://... (default: SQLite in the data directory)",
    )
    verb.add_argument(
        "--root-key-file",
        metavar="FILE",
        type=Path,
        help="the vault's root key file (default: root.key in the data directory)",
    )


def vault_settings(arguments: argparse.Namespace) -> "Settings | None":
    """The settings with the flags of `add_vault_flags`; see `settings_from`."""
    return settings_from({name: getattr(arguments, name) for name in _VAULT_FLAGS})


def settings_from(flags: dict[str, Any]) -> "Settings | None":
    """The settings with these flags; what is wrong with them is a line on standard error, and there are none."""
    from pydantic import ValidationError

    from simulators.sandbox.settings.loading import load_settings
    from simulators.sandbox.settings.settings import Settings

    problems = [
        f"{variable} is not a setting; did you mean {meant}?"
        for variable, meant in misspelt_settings(os.environ, [*Settings.model_fields, *EARLIER_SETTINGS]).items()
    ]
    try:
        settings = load_settings(**flags)
    except ValidationError as error:
        problems += [setting_problem(dict(problem), Settings.model_fields, flags) for problem in error.errors()]
    except ValueError as error:
        problems.append(str(error))
    if not problems:
        return settings
    sys.stderr.write("".join(f"tapwright: {problem}\n" for problem in problems))
    return None
