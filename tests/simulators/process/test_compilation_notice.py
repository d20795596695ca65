"""A minute of compiling is told on standard error, on every verb, and only where it takes place."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from authz.arrays.compilation_events import compilation_began, compilation_ended
from simulators.process.compilation_notice import compilation_announced

ROOT = Path(__file__).parents[3]


def begun(tmp_path, *arguments):
    """A verb on a machine that has compiled nothing yet."""
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    environment.pop("NUMBA_DISABLE_JIT", None)
    command = [sys.executable, "-m", "simulators.cli", *arguments]
    return subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--data-dir", "data", "--http-port", "0", "--iso-port", "0"],
        pytest.param(["scenario", "run", "coffee.yaml"], marks=pytest.mark.slow),
        pytest.param(["demo"], marks=pytest.mark.slow),
        pytest.param(["attack", "relay", "--variations", "1"], marks=pytest.mark.slow),
    ],
    ids=lambda arguments: arguments[0],
)
def test_the_first_compilation_says_so(tmp_path, arguments):
    """The first line that is written, long before there is anything else to say."""
    (tmp_path / "coffee.yaml").write_text("scenario: A coffee\nsteps:\n  - echo\n")
    with begun(tmp_path, *arguments) as process:
        line = process.stderr.readline()
        process.kill()
    assert line.startswith("tapwright: compiling the engine for this machine; this takes about a minute"), line


@pytest.mark.parametrize(
    "setting", ["http", pytest.param("iso", marks=pytest.mark.slow), pytest.param("further", marks=pytest.mark.slow)]
)
def test_a_port_in_use_is_said_before_anything_is_compiled(tmp_path, setting):
    """One line, which port, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        flags = {"http": "0", "iso": "0"} | {setting: str(port)}
        arguments = ["--http-port", flags["http"], "--iso-port", flags["iso"]]
        arguments += ["--iso-listener", f"bcd_1987:{port}"] if setting == "further" else []
        with begun(tmp_path, "serve", *arguments) as process:
            told = process.stderr.read()
    name = "iso_listeners: port" if setting == "further" else f"{setting}_port"
    hint = f"end what uses it, or choose another {name}"
    assert told == f"tapwright: {name} {port} on 127.0.0.1: address already in use; {hint}\n"
    assert process.returncode == 1


@pytest.mark.slow
def test_a_port_of_a_server_that_is_still_compiling_is_in_use(tmp_path):
    """It is bound although nothing listens there yet, so the second server is told at once."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ports = ["--http-port", str(port), "--iso-port", "0"]
    with begun(tmp_path, "serve", "--data-dir", "first", *ports) as first:
        first.stderr.readline()  # it compiles, so its ports are bound
        with begun(tmp_path, "serve", "--data-dir", "second", *ports) as second:
            told = second.stderr.readline()
            second.kill()
        first.kill()
    assert told.startswith(f"tapwright: http_port {port} on 127.0.0.1: address already in use"), told


def test_progress(capsys):
    """A line when it begins, and one when it is over: how many functions, and how long."""
    with compilation_announced():
        compilation_began()
        compilation_began()
        compilation_ended()
        compilation_ended()
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("tapwright: compiling the engine")
    assert last.startswith("tapwright: the engine is compiled: 2 functions in ")


def test_nothing_is_said_of_what_was_kept(capsys):
    """Where machine code is there already, as on every later run."""
    with compilation_announced():
        pass
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled under NUMBA_DISABLE_JIT")
def test_the_compiler_tells(capsys):
    """Whatever function it is that is compiled."""
    with compilation_announced():
        numba.njit(lambda number: number + 1)(1)
    assert capsys.readouterr().err.startswith("tapwright: compiling")
