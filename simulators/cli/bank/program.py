"""``tapwright bank program``: prints the authorization program in force, or activates another one."""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulators.cli.bank.asking import run
from simulators.cli.flags.server_address import UsageError

if TYPE_CHECKING:
    from simulators.parties.bank_client import BankClient

_COUNTED = ("products", "segments", "units", "offers", "scenes", "limits", "rules")
"""The parts of a program whose number is told."""


def run_program(arguments: argparse.Namespace) -> int:
    """Print the program in force, or activate another one; returns the exit code. Raises: UsageError."""
    name = arguments.account
    if name is None:
        return run(_in_force, arguments)
    document = _read(name)
    return run(lambda client, _: [_activated(client, document, name)], arguments)


def _in_force(client: "BankClient", _arguments: argparse.Namespace) -> Iterable[str]:
    """The program in force as JSON. Raises: IssuerRefused."""
    return [json.dumps(client.program()["document"], indent=1, ensure_ascii=False)]


def _activated(client: "BankClient", document: dict[str, Any], name: str) -> str:
    """What is in force now. Raises: IssuerRefused."""
    version = client.activate(document)["version"]
    parts = ", ".join(f"{len(document[part])} {part}" for part in _COUNTED if document.get(part))
    return f"{name} is in force as version {version}" + (f": {parts}" if parts else "")


def _read(name: str) -> dict[str, Any]:
    """A document in a file of JSON, or an included one. Raises: UsageError."""
    from authz.program.shipped.programs import shipped_text
    from tokenvault.vocabulary.errors import NotFound

    try:
        document = json.loads(Path(name).read_text() if name.endswith(".json") else shipped_text(name))
        json.dumps(document, allow_nan=False, ensure_ascii=False).encode()  # Python reads more than JSON may say
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from None
    except NotFound as error:
        raise UsageError(f"{error.message}; a file's name ends with .json") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise UsageError(f"{name} is not a JSON object")
    return document
