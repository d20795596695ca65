"""The page on books, run as it stands: its commands in one shell, against a network of its own."""

import re
import subprocess

import pytest

from simulators.sandbox.scratch_sandbox import scratch_sandbox
from tests.authz.printing.documents import texts
from tests.shell_pages import SHELL, blocks, needs_a_shell, tapwright_variables

PAGE = "docs/bank.md"
SAID = (
    r"approved\n"
    r'300000\n300000\n"2029-01-05"\n'
    r"closed \d+ days until 2029-01-05: 1 account, 1 statement, 0 postings; \d+\.\d\d s\n"
    r"statement of 2029-01-05 for acct_\w{13}, CNY\n\n"
    r" +opening balance +0\.00\n2028-12-10 +purchase +3,000\.00 +3,000\.00\n +closing balance +3,000\.00\n\n"
    r"minimum 300\.00, due by 2029-01-25; interest 0\.00\n"
    r'\["2029-01-05",300000,30000,"2029-01-25"\]\n'
    r"statement\.pdf: [\d,]+ bytes\n"
    r'\[30000,270000,"received"\]\n'
    r"closed \d+ days until 2029-02-05: .*\n"
    r"\[8520,278520,35520\]\n"
    r'\["returned",308520\]\n'
    r"the books are in balance\n\[0,true\]\n"
    r"\[28,1,1\]\n"
    r'\["2029-03-06","2029-03-05",null\]\n'
    r"(\d) of \1 passed\n"
)
"""What the commands print, in order."""


@pytest.fixture
def variables(tmp_path):
    """A network whose clock nobody else looks at; `tapwright` is a command."""
    with scratch_sandbox() as running:
        yield tapwright_variables(running, tmp_path)


@needs_a_shell
def test_the_commands_run_from_top_to_bottom(variables, tmp_path):
    """Every command works and prints what the text around it says."""
    done = subprocess.run(
        [*SHELL, "".join(blocks(PAGE))], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(SAID, done.stdout), done.stdout
    assert "<h1>Statement of 2029-01-05</h1>" in (tmp_path / "statement.html").read_text()
    (text,) = texts((tmp_path / "statement.pdf").read_bytes())
    assert "Statement of 2029-01-05" in text
