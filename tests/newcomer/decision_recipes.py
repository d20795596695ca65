"""Recipes for what takes part in a decision: a check, a posting kind and a limit period."""

from tests.newcomer.recipe import Line, NewFile, Recipe

CHECK = Recipe(
    "A check: one function and one row of the table of checks",
    explanation=(
        "A check looks at a message and returns what it saw, the bound that it compares with, and a reason. Its row "
        "(`Row` in `authz/kernel/checks/order.py`) says after which check it runs, which passes make it, and how an "
        "explanation words the two numbers. `ASKERS` in the same file lists the passes. With `asked_by(Asker.ISSUER)` "
        "alone, neither stand-in processing nor advices make this check. `when=` takes a function that says whether a "
        "message takes the check; it is called with what its parameters name, such as `command` or `context`. The "
        "row's words give the bound its meaning: here the bound is the forbidden value. `{seen:04d}` writes a number "
        "with four digits, `{seen.amount}` as an amount; the other words are the properties of `Shown` in "
        "`authz/history/check_wording.py`. The compiled passes, the numbers of the checks and the documents are "
        "generated. `REFUSED` takes a message that this check declines for each of its askers; the test fails while "
        "there is none. `benchmarks/c/decide.c` is the same decision in C, for comparison. Add the check there, or add "
        "it to `NOT_IN_C` in `benchmarks/in_c.py` with the reason why no payment of that benchmark can fail it; "
        "`tests/test_benchmarks.py` fails until one of them is done."
    ),
    places=(
        NewFile(
            "authz/kernel/checks/gambling.py",
            '''"""Gambling: its merchants are refused."""

from typing import Any

import numpy as np

from authz.arrays.compiled import inlined
from authz.kernel.checks.findings import Finding
from authz.vocabulary.reasons import Reason

GAMBLING = 7995
"""ISO 18245: betting, casino chips, off-track betting."""


@inlined
def check_gambling(command: Any) -> Finding:
    """The merchant must not offer gambling."""
    category = np.int64(command["merchant_category"])
    return category, GAMBLING, Reason.MERCHANT_NOT_ALLOWED if category == GAMBLING else Reason.APPROVED
''',
        ),
        Line(
            "authz/kernel/checks/order.py",
            after="from authz.kernel.checks.forcing import ",
            line="from authz.kernel.checks.gambling import check_gambling",
        ),
        Line(
            "authz/kernel/checks/order.py",
            after="    Row(check_card_state, ",
            line='    Row(check_gambling, asked_by(Asker.ISSUER), "{seen:04d}", "not {bound:04d}"),',
        ),
        Line(
            "tests/authz/kernel/checks/test_order.py",
            after="REFUSED: dict[str, list[Refused]] = {",
            line='    "gambling": [by_issuer(Reason.MERCHANT_NOT_ALLOWED, tap(60, merchant_category=7995))],',
        ),
    ),
    use="""
from simulators.parties.merchant import Merchant
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit

with scratch_sandbox() as sandbox, TestKit(sandbox.http_url, sandbox.iso_address) as kit:
    phone = kit.phone()
    assert kit.terminal().pay(phone, 500).approved
    refused = kit.decision(kit.terminal(merchant=Merchant(category="7995")).pay(phone, 500))
    assert (refused["reason"], refused["response_code"]) == ("merchant_not_allowed", "57"), refused
    (failed,) = [check for check in refused["checks"] if check["outcome"] == "failed"]
    assert (failed["name"], failed["bound"]) == ("gambling", "not 7995"), failed
""",
    tests=("tests/authz/kernel/checks/test_order.py", "tests/test_house.py"),
    generators=("authz.kernel.generation",),
    generated=frozenset({"authz/kernel/passes.py", "authz/kernel/checks/numbers.py"}),
    documents={"wire.md": "`gambling`"},
)


POSTING_KIND = Recipe(
    "A posting kind: one row, and the place where it is posted",
    explanation=(
        "Every change of what an account owes is a posting, and its kind says why it was made. The row gives its "
        "number, whether it charges or gives back, whether it can be charged back, and what it is. The kernel makes "
        "postings with `post`, and nothing else changes a balance. The decision, `/v1/transactions`, its filter and "
        "its OpenAPI document, disputes, `tapwright explain` and the table in docs/authorization.md follow from the "
        "row. "
        "A row that the kernel never posts fails a test. One decision makes at most `POSTINGS_OF_AN_ACCOUNT` postings. "
        "In this example, what is bought from a dealer in money is no longer a `purchase`."
    ),
    places=(
        Line(
            "authz/vocabulary/posting_kinds.py",
            after="    FORCE_POST_CASH = ",
            line='    QUASI_CASH = 9, Sign.CHARGES, True, "Quasi-cash: foreign money, money orders, crypto assets."',
        ),
        Line(
            "authz/kernel/accounts/postings.py",
            after="    goods = part_for_goods(",
            line="""\
    if is_authorized and np.int64(entry["merchant_category"]) == 6051:  # ISO 18245: quasi-cash
        post(state, row, PostingKind.QUASI_CASH, billing)
        return""",
        ),
    ),
    use="""
from simulators.cli.command_line import main
from simulators.parties.merchant import Merchant
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit

with scratch_sandbox() as sandbox, TestKit(sandbox.http_url, sandbox.iso_address) as kit:
    account = kit.account()
    phone = kit.phone(kit.card(account))
    assert kit.terminal().buy(phone, 500).approved
    exchanged = kit.terminal(merchant=Merchant(category="6051")).buy(phone, 2_000)
    (posted,) = kit.decision(exchanged)["postings"]
    assert (posted["kind"], posted["amount"]) == ("quasi_cash", 2_000), posted

    address = f"/v1/transactions?account_id={account}"
    listed = kit.issuer.call("GET", address)["data"]
    assert [each["kind"] for each in listed] == ["quasi_cash", "purchase"], listed
    assert kit.issuer.call("GET", f"{address}&kind=quasi_cash")["data"] == listed[:1]
    back = kit.issuer.call("POST", f"/v1/transactions/{posted['id']}/chargeback", {"amount": 2_000})
    assert (back["kind"], back["posted_balance"]) == ("chargeback", 500)
    assert "quasi_cash" in str(kit.issuer.call("GET", "/openapi.json"))
    assert main(["explain", exchanged.authorization_id, "--url", sandbox.http_url]) == 0
""",
    tests=(
        "tests/authz/kernel/accounts/test_posting_kinds.py",
        "tests/authz/kernel/accounts/test_postings.py",
        "tests/authz/http/test_transactions.py",
        "tests/test_house.py",
    ),
    documents={"authorization.md": "| `quasi_cash` | is charged | Quasi-cash: "},
)


LIMIT_PERIOD = Recipe(
    "A limit period: one row of the table of periods",
    explanation=(
        "Limits and rules count over periods. The program document, the calendar, counters, explanations and "
        "the table in docs/rules.md follow from the row."
    ),
    places=(
        Line(
            "authz/program/periods.py",
            after="    SINCE_VERIFICATION = ",
            line='    QUARTER = 7, Begins.EVERY_MONTHS, 3, "since the first of January, April, July or October"',
        ),
    ),
    use="""
from datetime import UTC, datetime

from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit

LIMIT = {"id": "once-a-quarter", "window": "quarter", "count_max": 1}
RULE = {
    "id": "much-in-a-quarter",
    "action": "decline",
    "reason": "suspected_fraud",
    "when": {"attribute": "amount_quarter", "operator": ">", "value": 10_000},
}

with scratch_sandbox() as sandbox, TestKit(sandbox.http_url, sandbox.iso_address) as kit:
    kit.issuer.call("PUT", "/v1/program", {"time_zone": "Europe/Berlin", "limits": [LIMIT], "rules": [RULE]})
    kit.clock.set_to(datetime(2027, 3, 31, 21, 0, tzinfo=UTC))  # the last hours of a quarter in Berlin
    account, terminal = kit.account(), kit.terminal()
    phone = kit.phone(kit.card(account))
    assert terminal.pay(phone, 500).approved

    refused = kit.decision(terminal.pay(phone, 500))
    assert refused["reason"] == "exceeds_limit"
    assert "quarter" in str([check for check in refused["checks"] if check["outcome"] == "failed"]), refused
    (counter,) = kit.issuer.call("GET", f"/v1/accounts/{account}")["counters"]
    assert (counter["window"], counter["count"]) == ("quarter", 1)

    kit.clock.set_to(datetime(2027, 3, 31, 22, 30, tzinfo=UTC))  # half past midnight there: the first of April
    assert terminal.pay(phone, 500).approved
""",
    tests=(
        "tests/authz/kernel/test_undefined_values.py::test_every_period_counts_and_begins[quarter]",
        "tests/authz/kernel/measures/test_calendar.py",
        "tests/authz/program",
    ),
    documents={"rules.md": "| `quarter` | since the first of January, April, July or October |"},
)
