"""``tapwright warm-up``: compiles ahead, keeps what came of it, and says where."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from simulators.cli.command_line import main

ROOT = Path(__file__).parents[5]


def test_interpreted_code_cannot_be_compiled_ahead(monkeypatch, capsys):
    """It is said, with the variable that is the cause."""
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    assert main(["warm-up"]) == 1
    assert "nothing is compiled while NUMBA_DISABLE_JIT is set" in capsys.readouterr().err


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled under NUMBA_DISABLE_JIT")
def test_machine_code_that_cannot_be_kept(monkeypatch, capsys):
    """The next start would compile again, so it is a failure."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    assert main(["warm-up"]) == 1
    assert "let XDG_CACHE_HOME name a folder that can be written" in capsys.readouterr().err


@pytest.mark.slow
def test_a_warm_up_leaves_nothing_to_compile(tmp_path):
    """The first run says how far it is, the second has nothing to say, and every command finds the machine code."""
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    environment.pop("NUMBA_DISABLE_JIT", None)

    def run(*arguments):
        command = [sys.executable, "-m", "simulators", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    first = run("warm-up")
    assert first.returncode == 0, first.stderr
    said = first.stderr.splitlines()
    assert said[0].startswith("tapwright: compiling the engine for this machine; ")
    assert re.fullmatch(r"tapwright: the engine is compiled: \d+ functions in \d+ s", said[-1])
    assert str(tmp_path / "cache") in first.stdout
    second = run("warm-up")
    assert (second.returncode, second.stdout, second.stderr) == (0, first.stdout, "")
    (tmp_path / "coffee.yaml").write_text("scenario: A coffee\nsteps:\n  - tap: {amount: 3.50}\n    expect: approved\n")
    played = run("scenario", "run", "coffee.yaml")
    assert (played.returncode, played.stderr) == (0, "")
