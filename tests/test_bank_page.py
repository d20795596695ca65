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
    r"approved\n"
    r"plan_\w{13}: 1,200\.00 CNY in 12 instalments, with a fee of 7\.20 each\n"
    r"\[120000,1880000,0,120000\]\n"
    r"closed \d+ days until 2029-03-05: .*\n"
    r" +opening balance +0\.00\n2029-02-06 +purchase +1,200\.00 +1,200\.00.*\n2029-03-05 +plan fee +7\.20 +1,207\.20\n"
    r" +later instalments +-1,100\.00\n +closing balance +107\.20\n\n"
    r"minimum 107\.20, due by 2029-03-25; interest 0\.00\n"
    r"plan_\w{13}: ended, with a fee of 33\.00; acct_\w{13} owes 1,240\.20 CNY\n"
    r"acct_\w{13}: nothing is due before 2029-05-25\n"
    r"closed \d+ days until 2029-04-05: .*\n"
    r'\["2029-04-05",0,"2029-05-25",0\]\n'
    r"2029-04-06: acct_\w{13}, CNY; 0\.00 of 1,240\.20 due by 2029-05-25\n\n"
    r"statement +due by +closing +minimum +instalments +fees +interest +past due\n"
    r"2029-05-05 +2029-05-25 +1,240\.20 +153\.72( +0\.00){4}\n"
    r"2029-06-05 +2029-06-25 +1,257\.40 +279\.57 +0\.00 +10\.00 +7\.20 +153\.72\n"
    r"2029-07-05 +2029-07-25 +1,289\.41 +409\.36 +0\.00 +13\.98 +18\.03 +279\.57\n"
    r"the books are in balance\n\[0,true\]\n"
    r"\[30,2,2\]\n"
    r'\["2029-05-06","2029-05-05",null\]\n'
    r"(\d+) of \2 passed\n"
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
