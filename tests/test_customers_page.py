"""The page on customers of a bank, run as it stands: its commands in one shell, against a network of its own."""

import re
import subprocess

from simulators.sandbox.scratch_sandbox import scratch_sandbox
from tests.shell_pages import SHELL, blocks, needs_a_shell, tapwright_variables

PAGE = "docs/customers.md"
SAID = (
    r"whole_bank is in force as version \d+: 4 products, 28 segments, 5 units, 8 offers, 55 scenes, 7 limits, 7 rules\n"
    r'\["phone_card","travel_card","first_card","family_card"\]\n'
    r'\["travel_core","travel_key","travel_broad","travel_potential"\]\n'
    r'\["restaurant","fast_food","bar","bakery_and_sweets","catering"\]\n'
    r'\["approved",2000000,"CNY","green",true\]\n'
    r'\["declined",\["city_not_open","score_low"\]\]\n'
    r'\["in_review",\["score_low"\],300000\]\n'
    r"1\n"
    r'\["approved","desk",300000\]\n'
    r"appl_\w{13}: cust_\w{13}, product 1, approved, 20,000\.00 CNY\n"
    r"no applications\n"
    r'\[1,"phone_card",500\]\n\[2,"travel_card",500\]\n\[3,"first_card",400\]\n\[4,"family_card",450\]\n'
    r"approved\nmerchant_not_allowed\n"
    r"stricter\.json is in force as version \d+: .*\n"
    r"approved\nexceeds_limit\n"
    r'\["in_difficulty",0,12,"one_to_many","bill"\]\n'
    r'\[18,"account_age","<",90\]\n18\n'
    r"offers\.json is in force as version \d+: .*\n"
    r"approved\n"
    r'\["reward",-1800\]\n\["purchase",9000\]\n'
    r'\["dinner_pack",1,999\]\n'
    r"refer_to_issuer\n"
    r'\["answered",3000000,"valid"\]\n'
    r"approved\n"
    r'\[\["answered","spent"\]\]\n'
    r"refer_to_issuer\n"
    r'\[\["points",86\]\]\n\[80,"CNY"\]\n\[\["points",-30\]\]\n'
    r"card +Tapwright Card \d{4}, token \d{4}: active\n"
    r"credit +19,840\.00 of 20,000\.00 CNY available; 160\.00 owed, 0\.00 held\n"
    r"bill +0\.00 of 70\.00 CNY due by 2029-01-25\n"
    r'\{"channels":\["contactless","e_commerce","qr_code"\],"merchant_id":null,"countries":\[\],'
    r'"transaction_limit":10000\}\n'
    r"exceeds_limit\n"
    r"\[5000,1989000\]\n"
)
"""What the commands print, in order."""


@needs_a_shell
def test_the_commands_run_from_top_to_bottom(tmp_path):
    """Every command works and prints what the text around it says."""
    with scratch_sandbox() as running:
        variables = tapwright_variables(running, tmp_path)
        done = subprocess.run(
            [*SHELL, "".join(blocks(PAGE))], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(SAID, done.stdout), done.stdout
