"""Work that gives way to everybody, from its first import on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="the system has no idle priority")
def test_a_module_is_read_at_idle_priority(tmp_path):
    """Reading numpy and the kernel takes a second of the processor that a till's taps would wait for."""
    (tmp_path / "told.py").write_text(
        "import os, sys\n"
        "print(os.sched_getscheduler(0) == os.SCHED_IDLE, 'numpy' in sys.modules, __name__, sys.argv[1:])"
    )
    ran = subprocess.run(
        [sys.executable, "-m", "authz.at_leisure", "told", "one", "two"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )
    assert ran.stdout == "True False __main__ ['one', 'two']\n"
