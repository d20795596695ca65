"""The page on simulated payments, run as it stands: one shell, top to bottom, against a running network."""

import subprocess

from tests.shell_pages import SHELL, blocks, environment, needs_a_shell

SAID = (
    'approved approved approved {"posted":1250,"held":0} approved {"released_amount":1000,"currency":"EUR"} '
    "requested active see_phone 6986 approved"
)
"""What the commands print after the receipt, in order."""


@needs_a_shell
def test_the_page_runs_from_top_to_bottom(sandbox, tmp_path):
    """Every command works and prints what the text around it says."""
    commands = blocks("docs/simulated-payments.md")
    assert len(commands) > 5
    done = subprocess.run(
        [*SHELL, "".join(commands)],
        cwd=tmp_path,
        env=environment(TAPWRIGHT_URL=sandbox.http_url),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    paid, _, rest = done.stdout.partition("APPROVED\n")
    assert paid.split()[:4] == ["approved", "00", "COFFEE", "CORNER"]
    assert rest.split() == SAID.split()
