"""Settings for verbs: flags, then environment, then ``tapwright.toml``, and messages for invalid settings."""

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulators.process.did_you_mean import did_you_mean
from simulators.sandbox.settings.earlier_settings import EARLIER_SETTINGS
from simulators.sandbox.settings.misspelt_variables import misspelt_settings

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
        problems += [_setting_problem(dict(problem), Settings.model_fields) for problem in error.errors()]
    except ValueError as error:
        problems.append(str(error))
    if not problems:
        return settings
    sys.stderr.write("".join(f"tapwright: {problem}\n" for problem in problems))
    return None


def _setting_problem(problem: dict[str, Any], known: Iterable[str]) -> str:
    """What is wrong with a setting, by its name; the keys of a table are left out, because they may be secret."""
    if not problem["loc"]:
        return f"settings: {problem['msg'].removeprefix('Value error, ')}"
    name = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        return f"setting {name}: there is no such setting{did_you_mean(name, known)}"
    return f"setting {name}: {problem['msg'].removeprefix('Value error, ')}"
