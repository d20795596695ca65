"""The page on simulated payments, run as it stands: one shell, top to bottom, against a running network."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDED = ("bash", "curl", "jq")
NOTHING_SKIPPED = "TAPWRIGHT_TEST_BROWSER" in os.environ
SAID = (
    'approved approved approved {"posted":1250,"held":0} approved {"released_amount":1000,"currency":"EUR"} '
    "requested active see_phone 6986 approved"
)
"""What the commands print after the receipt, in order."""


@pytest.mark.skipif(
    not NOTHING_SKIPPED and not all(map(shutil.which, NEEDED)), reason=f"the page uses {', '.join(NEEDED)}"
)
def test_the_page_runs_from_top_to_bottom(sandbox, tmp_path):
    """Every command works and prints what the text around it says."""
    blocks = BLOCK.findall((ROOT / "docs/simulated-payments.md").read_text())
    assert len(blocks) > 5
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "".join(blocks)],
        cwd=tmp_path,
        env=os.environ | {"TAPWRIGHT_URL": sandbox.http_url, "no_proxy": "*"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    paid, _, rest = done.stdout.partition("APPROVED\n")
    assert paid.split()[:4] == ["approved", "00", "COFFEE", "CORNER"]
    assert rest.split() == SAID.split()
