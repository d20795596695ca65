"""A disk that is full: some of the writes that `full_disk` can try."""

import re
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_a_disk_that_is_full_at_some_writes():
    """Journal, checkpoint, vault and history: what was promised holds, and the network works again."""
    program = [sys.executable, "-m", "tests.survival.full_disk", "--every", "40"]
    ran = subprocess.run(program, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    tried = re.findall(r"^(\w+) +full .*: +(\d+) of +(\d+) writes, +(\d+) approvals told, 0 promises", ran.stdout, re.M)
    assert [file for file, *_ in tried] == [
        file for file in ("journal", "checkpoint", "vault", "history") for _ in "12"
    ]
    assert all(int(count) and int(writes) for _, count, writes, _ in tried)
    assert sum(int(approvals) for *_, approvals in tried)
    assert "Traceback" not in ran.stderr
