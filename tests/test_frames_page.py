"""The page on frames and logs, run as it stands: one shell, top to bottom, against a running network."""

import re
import subprocess
from pathlib import Path

from tests.shell_pages import SHELL, blocks, environment, needs_a_shell

PAGE = "docs/frames-and-logs.md"


@needs_a_shell
def test_the_page_runs_from_top_to_bottom(sandbox, tmp_path):
    """Every command works and prints what the text around it says."""
    commands = blocks(PAGE)
    assert len(commands) > 5
    done = subprocess.run(
        [*SHELL, "".join(commands)],
        cwd=tmp_path,
        env=environment(TAPWRIGHT_URL=sandbox.http_url),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[:4] == ["true", "0100", "00", "ascii_1987"]
    assert lines[-4:] == ["GET", "/v1/accounts/nothing", "404", "not_found"]
    before_the_log = Path(PAGE).read_text().partition("## The log")[0]  # whose lines `tests/.../test_logs.py` has
    said = re.findall(r"^    (\S.*)$", before_the_log, re.MULTILINE)
    assert [line for line in said if line != "..." and line not in lines] == []
    counter = lines.index("Application Transaction Counter")
    assert lines[counter + 1 : counter + 3] == ["1", "000123"]
