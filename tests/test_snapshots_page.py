"""The page on snapshots, run as it stands: its commands in one shell, and its Python, against a running network."""

import re
import subprocess
import sys

import pytest

from simulators.sandbox.scratch_sandbox import scratch_sandbox
from tests.shell_pages import SHELL, blocks, needs_a_shell, tapwright_variables

PAGE = "docs/snapshots.md"
LINE = r"\d[\d,]* rows, \d+ commands, [\d,]+ kB; \d+\.\d\d s"
SAID = (
    rf"saved prepared: {LINE}\n"
    r"approved\ninsufficient_funds\n"
    rf"restored prepared of [\d: -]+ UTC: {LINE}, of which payments waited \d+\.\d\d s\n"
    r"approved\nprepared\nprepared\n"
)
"""What the commands print, in order."""


@pytest.fixture(scope="module")
def running():
    """A network that goes back as nobody else's does."""
    with scratch_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def variables(running, tmp_path):
    """Where the server is, and `tapwright` is a command."""
    return tapwright_variables(running, tmp_path)


@needs_a_shell
def test_the_commands_run_from_top_to_bottom(variables, tmp_path):
    """Every command works and prints what the text around it says."""
    done = subprocess.run(
        [*SHELL, "".join(blocks(PAGE))], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(SAID, done.stdout), done.stdout
    assert re.fullmatch(r"auth_[0-9A-Z]{13}\n", (tmp_path / "number").read_text())


def test_the_python_runs(variables, tmp_path):
    """In a process that knows nothing else."""
    program = "".join(blocks(PAGE, "python"))
    assert "put_back" in program
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
