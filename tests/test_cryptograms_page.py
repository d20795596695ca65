"""The page on debugging a cryptogram, run as it stands: one shell, top to bottom, against a running network."""

import subprocess
import sys
from pathlib import Path

from tests.shell_pages import SHELL, blocks, environment, needs_a_shell

SAID = (
    "true",
    "VSDC CVN 18",
    "0001",
    "31\t2\t9F36\tApplication Transaction Counter",
    "input\n9F03\n6\nmissing_field\n9F03",
    "false\nanother_atc\nanother ATC was used than the one in tag 9F36",
    "MATCHES",
    "yours differs in the step cryptogram",
)
"""What the commands print, in this order, with other lines between."""


@needs_a_shell
def test_the_page_runs_from_top_to_bottom(sandbox, tmp_path):
    """Every command works and prints what the text around it says."""
    commands = blocks("docs/cryptograms.md")
    assert len(commands) > 5
    program = f'tapwright() {{ "{sys.executable}" -m simulators "$@"; }}\n'
    done = subprocess.run(
        [*SHELL, program + "".join(commands)],
        cwd=tmp_path,
        env=environment(TAPWRIGHT_URL=sandbox.http_url, PYTHONPATH=str(Path(__file__).parents[1]), COLUMNS="120"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    position = 0
    for words in SAID:
        position = done.stdout.index(words, position) + 1
