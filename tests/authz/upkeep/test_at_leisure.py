"""Work that gives way to everybody, from its first import on, and ends with whoever waits for it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "authz.upkeep.at_leisure"]


@pytest.fixture
def surroundings(tmp_path):
    """Where a process finds the modules of a test."""
    return {"cwd": ROOT, "env": os.environ | {"PYTHONPATH": str(tmp_path)}, "stdout": subprocess.PIPE, "text": True}


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="the system has no idle priority")
def test_a_module_is_read_at_idle_priority(tmp_path, surroundings):
    """Reading numpy and the kernel takes a second of the processor that a till's taps would wait for."""
    (tmp_path / "told.py").write_text(
        "import os, sys\n"
        "print(os.sched_getscheduler(0) == os.SCHED_IDLE, 'numpy' in sys.modules, __name__, sys.argv[1:])"
    )
    ran = subprocess.run([*COMMAND, str(os.getpid()), "told", "one", "two"], check=True, **surroundings)
    assert ran.stdout == "True False __main__ ['one', 'two']\n"


def test_it_works_for_nobody_who_has_gone(tmp_path, surroundings):
    """Whoever began it was killed before it came to anything."""
    (tmp_path / "told.py").write_text("print('ran')")
    assert subprocess.run([*COMMAND, "1", "told"], check=True, **surroundings).stdout == ""


@pytest.mark.skipif(sys.platform != "linux", reason="a system without prctl")
def test_it_ends_with_whoever_waits_for_it(tmp_path, surroundings):
    """A server that is killed leaves no checkpoint behind that is still being made."""
    (tmp_path / "endless.py").write_text("import time\nprint('begun', flush=True)\ntime.sleep(600)")
    (tmp_path / "server.py").write_text(
        "import os, subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'authz.upkeep.at_leisure', str(os.getpid()), 'endless'])"
    )
    with subprocess.Popen([sys.executable, "-m", "server"], **surroundings) as server:
        assert server.stdout.readline() == "begun\n"
        server.send_signal(signal.SIGKILL)
        assert server.stdout.read() == ""  # the end of a pipe that both hold
