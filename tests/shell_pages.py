"""Pages whose commands are run as they stand: what is in them, and what running them needs."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from simulators.sandbox.wiring import Sandbox

ROOT = Path(__file__).parents[1]
NEEDED = ("bash", "curl", "jq")
SHELL = ("bash", "-euo", "pipefail", "-c")
"""What runs a page's commands: the first that fails ends it."""

_NOTHING_SKIPPED = "TAPWRIGHT_TEST_BROWSER" in os.environ

needs_a_shell = pytest.mark.skipif(
    not _NOTHING_SKIPPED and not all(map(shutil.which, NEEDED)), reason=f"the page uses {', '.join(NEEDED)}"
)


def blocks(page: str, language: str = "sh") -> list[str]:
    """The blocks of a page in one language, in their order; each ends with a line end."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


def environment(**variables: str) -> dict[str, str]:
    """Of the shell. No proxy stands between it and a server on loopback."""
    return os.environ | {"no_proxy": "*"} | variables


def tapwright_variables(running: Sandbox, folder: Path) -> dict[str, str]:
    """Of a shell where `tapwright` is a command and calls a server that runs. folder: for the command."""
    program = folder / "bin" / "tapwright"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m simulators "$@"\n')
    program.chmod(0o755)
    return environment(
        TAPWRIGHT_URL=running.http_url,
        TAPWRIGHT_ISO8583="{}:{}".format(*running.iso_address),
        PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        PYTHONPATH=str(ROOT),
    )
