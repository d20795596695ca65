"""The quickstart, run as it stands: its commands in one shell, in a fresh directory, with a server of their own."""

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys

import pytest

from tests.shell_pages import ROOT, SHELL, blocks, environment, needs_a_shell

PAGE = "docs/quickstart.md"
COMMANDS_MAX = 10
INSTALL, *COMMANDS = blocks(PAGE)
END = "kill %1\nwait\n"
"""How the page says to end the server, and until it has ended."""
SECONDS_MAX = 300


def free_ports(count):
    """Ports that the system has just chosen, and nobody uses."""
    with contextlib.ExitStack() as opened:
        sockets = [opened.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [str(each.getsockname()[1]) for each in sockets]


def masked(text):
    """The lines of an output, without what differs from run to run: identifiers and numbers."""
    without_identifiers = re.sub(r"\b([a-z]+)_[0-9A-Z]{13}\b", r"\1_ID", text)
    return [re.sub(r"\d+", "0", line).strip() for line in without_identifiers.splitlines()]


@pytest.fixture
def installed(tmp_path):
    """A folder with the program `tapwright` of the running interpreter, in place of the page's installation."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "tapwright"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m simulators "$@"\n')
    program.chmod(0o755)
    return folder


def run_page(installed, folder):
    """Run the commands behind the installation; returns the exit code and what was printed."""
    http, iso, hook = free_ports(3)
    variables = environment(
        TAPWRIGHT_HTTP_PORT=http,
        TAPWRIGHT_ISO_PORT=iso,
        TAPWRIGHT_URL=f"http://127.0.0.1:{http}",
        HOOK_PORT=hook,
        PATH=f"{installed}{os.pathsep}{os.environ['PATH']}",
        PYTHONPATH=str(ROOT),
        NUMBA_DISABLE_JIT="1",  # one payment needs no compiled engine
        COLUMNS="80",
    )
    with (folder / "printed").open("w+") as printed:
        shell = subprocess.Popen(
            [*SHELL, "".join(COMMANDS) + END],
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = shell.wait(SECONDS_MAX)
        finally:
            with contextlib.suppress(ProcessLookupError):  # all have ended, as they should
                os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()
        printed.seek(0)
        return code, printed.read()


@needs_a_shell
def test_the_page_runs_from_top_to_bottom(installed, tmp_path):
    """Every command works and prints what the page shows; the webhook of the payment comes, and is signed."""
    folder = tmp_path / "fresh"
    folder.mkdir()
    code, printed = run_page(installed, folder)
    assert code == 0, printed
    approved = re.findall(r"^.*  authorization\.approved  .*$", printed, re.MULTILINE)
    assert len(approved) == 1, printed
    assert approved[0].endswith("  approved  12.50 EUR  COFFEE CORNER  signature valid")
    shown = [line for block in blocks(PAGE, "text") for line in masked(block) if line != "..."]
    assert len(shown) > 20
    assert [line for line in shown if line not in masked(printed)] == [], printed
    assert "tapwright: stopped: " in printed
    assert "Traceback" not in printed


def test_there_are_at_most_ten_commands():
    """Each block is one command line, and the text around it says what it does."""
    assert len(COMMANDS) + 1 <= COMMANDS_MAX
    for command in (INSTALL, *COMMANDS):
        assert command.replace("\\\n", "").count("\n") == 1, command
        assert ";" not in command
    page = (ROOT / PAGE).read_text()
    assert len(re.findall(r"[.:]\n\n```sh\n", page)) == len(COMMANDS) + 1
    assert "`kill %1`" in page


def test_no_command_is_python():
    """Python makes the environment of the installation, and nothing else."""
    assert INSTALL.startswith("python3 -m venv ")
    assert [command for command in COMMANDS if "python" in command] == []
    assert {program for command in COMMANDS for program in re.findall(r"(?:^|\| |\$\()(\w+)", command)} == {
        "curl", "jq", "tapwright", "tee", "wait",
    }  # fmt: skip
