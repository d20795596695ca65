"""A minute of compiling is told on standard error, on every verb, and only where it takes place."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from authz.arrays.compilation_events import compilation_began, compilation_ended
from simulators.process import compilation_notice
from simulators.process.compilation_notice import compilation_announced

ROOT = Path(__file__).parents[3]
ANNOUNCEMENT = "tapwright: compiling the engine for this machine; this takes up to a minute, and only the first time"

UNTIL_THE_FIRST_LINE = """
import os, sys
from simulators.cli.command_line import main

class Told:
    def write(self, text):
        print([name for name in ("numba", "fastapi", "sqlalchemy") if name in sys.modules], text, flush=True)
        os._exit(0)

sys.stderr = Told()
main(["serve"])
"""


def begun(tmp_path, *arguments):
    """A verb on a machine that has compiled nothing yet."""
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    environment.pop("NUMBA_DISABLE_JIT", None)
    command = [sys.executable, "-m", "simulators", *arguments]
    return subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["serve", "--data-dir", "data", "--http-port", "0", "--iso-port", "0"],
        pytest.param(["scenario", "run", "coffee.yaml"], marks=pytest.mark.slow),
        pytest.param(["demo"], marks=pytest.mark.slow),
        pytest.param(["attack", "relay", "--variations", "1"], marks=pytest.mark.slow),
        pytest.param(["warm-up"], marks=pytest.mark.slow),
    ],
    ids=lambda arguments: arguments[0],
)
def test_the_first_compilation_says_so(tmp_path, arguments):
    """The first line that is written, long before there is anything else to say, on every verb that compiles."""
    (tmp_path / "coffee.yaml").write_text("scenario: A coffee\nsteps:\n  - echo\n")
    with begun(tmp_path, *arguments) as process:
        line = process.stderr.readline()
        process.kill()
    assert line == f"{ANNOUNCEMENT}\n"


def test_the_first_line_waits_for_nothing(tmp_path):
    """Loading the compiler and the web server takes a second or more where they were never loaded before."""
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    environment.pop("NUMBA_DISABLE_JIT", None)
    command = [sys.executable, "-c", UNTIL_THE_FIRST_LINE]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == f"[] {ANNOUNCEMENT}\n\n"


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
    announced, problem = told.splitlines()
    assert announced == ANNOUNCEMENT
    assert problem == f"tapwright: {name} {port} on 127.0.0.1: address already in use; {hint}"
    assert process.returncode == 1


@pytest.mark.slow
def test_ctrl_c_ends_a_start_that_compiles_at_once(tmp_path):
    """A function takes up to half a minute to compile, and the event loop has no turn meanwhile."""
    with begun(tmp_path, "serve", "--data-dir", "data", "--http-port", "0", "--iso-port", "0") as process:
        process.stderr.readline()
        assert "still compiling" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        told = process.stderr.read().splitlines()
    assert process.returncode == 130
    assert told[-1] == "tapwright: interrupted: the server had not started yet, and nothing was served"
    assert "is compiled:" not in "".join(told)


@pytest.mark.slow
def test_a_port_of_a_server_that_is_still_compiling_is_in_use(tmp_path):
    """It is bound although nothing listens there yet, so the second server is told at once."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ports = ["--http-port", str(port), "--iso-port", "0"]
    with begun(tmp_path, "serve", "--data-dir", "first", *ports) as first:
        first.stderr.readline()  # before anything is loaded
        assert "still compiling" in first.stderr.readline()  # so its ports are bound
        with begun(tmp_path, "serve", "--data-dir", "second", *ports) as second:
            assert second.stderr.readline() == f"{ANNOUNCEMENT}\n"
            told = second.stderr.readline()
            second.kill()
        first.kill()
    assert told.startswith(f"tapwright: http_port {port} on 127.0.0.1: address already in use"), told


@pytest.fixture
def waits(monkeypatch):
    """Time as the notice sees it: it moves on where the notice waits, which a test lets it do a number of times."""

    class Waits:
        now, left = 1_000.0, 0

        def monotonic(self):
            return self.now

        def wait(self, seconds):
            if self.left == 0:
                return True
            self.left -= 1
            self.now += seconds
            return False

    passing = Waits()
    monkeypatch.setattr(compilation_notice, "time", passing)
    return passing


def told_while(waits, times, notice):
    """What the thread of a notice writes while it waits so many times; it runs here."""
    waits.left = times
    notice._over = waits
    notice._tell()


@pytest.fixture
def notice(monkeypatch):
    """A notice whose thread is not started, and the lines that it writes."""
    lines = []
    made = compilation_notice.CompilationNotice(lines.append)
    monkeypatch.setattr(made._teller, "start", lambda: None)
    made.lines = lines
    return made


def test_progress(notice, waits):
    """A line when it begins, then how far it is, and one when nothing more is compiled: how many, and how long."""
    notice.began()
    notice.began()
    notice.ended()
    told_while(waits, 3, notice)
    notice.ended()
    told_while(waits, 3, notice)
    assert notice.lines == [
        ANNOUNCEMENT.removeprefix("tapwright: "),
        "still compiling: 1 functions in 6 s",
        "the engine is compiled: 2 functions in 6 s",
    ]


def test_nothing_is_over_while_something_is_compiled_or_loaded(notice, waits):
    """A function that takes long, and a program that announces and then takes long to load."""
    notice.expect()
    told_while(waits, 10, notice)
    notice.began()
    told_while(waits, 10, notice)
    assert [line for line in notice.lines if "is compiled" in line] == []


def _interrupted_after_one_function():
    with compilation_announced():
        compilation_began()
        compilation_ended()
        raise KeyboardInterrupt


def test_an_interruption_is_no_end(capsys):
    """Ctrl-C while it compiles: how far it was, and nothing that sounds like success."""
    with pytest.raises(KeyboardInterrupt):
        _interrupted_after_one_function()
    _, last = capsys.readouterr().err.splitlines()
    told = "tapwright: compiling was interrupted; what was not finished begins anew next time: 1 functions in "
    assert last.startswith(told)


def test_an_announcement_that_was_not_needed(capsys):
    """Nothing had to be compiled, so nothing is said of its end."""
    with compilation_announced() as notice:
        notice.expect()
    assert capsys.readouterr().err == f"{ANNOUNCEMENT}\n"


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
