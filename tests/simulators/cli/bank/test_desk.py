"""``tapwright bank cases``, ``answer-case`` and ``desk`` against a real server."""

import re

import pytest

from simulators.testkit.kit import TestKit
from tokenvault.vocabulary.identifiers import Prefix, to_text

NOBODY = to_text(Prefix.CASE, 5)


@pytest.fixture
def referred(sandbox, clock):
    """A function that has a payment referred to the issuer; the case."""
    with TestKit(sandbox.http_url, sandbox.iso_address, clock) as kit:

        def refer(amount):
            phone = kit.phone()
            forced = {"reason": "refer_to_issuer", "token_id": phone.token_id}
            kit.issuer.call("POST", "/v1/simulations/forced_declines", forced)
            return kit.decision(kit.terminal().pay(phone, amount))["case_id"]

        yield refer


def test_a_case_is_answered_by_hand(told, referred):
    """It is in the list until then; a second answer is refused."""
    case = referred(12_345)
    code, said, _ = told("cases", "--queue", "mass")
    assert (code, bool(re.search(rf"{case}: mass, acct_\w{{13}}, 123\.45 EUR at TAPWRIGHT CAFE, open\n", said))) == (
        0,
        True,
    )
    code, said, _ = told("answer-case", case, "approve")
    assert (code, said.endswith("answered: approve (customer_confirmed)\n")) == (0, True), said
    assert case not in told("cases")[1]
    code, _, said = told("answer-case", case, "decline")
    assert (code, "409 case_answered" in said) == (1, True)


def test_simulated_agents_answer(told, referred):
    """What is within their mandate is approved, and what is more is declined."""
    little, much = referred(1_000), referred(2_001)
    code, said, _ = told("desk", "--once", "--after", "0", "--approve-up-to", "20.00", "--queue", "mass")
    assert code == 0
    assert re.search(rf"{little}: .*answered: approve \(customer_confirmed\)\n", said)
    assert re.search(rf"{much}: .*answered: decline \(beyond_mandate\)\n", said)
    assert little not in told("cases")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cases", NOBODY], "bank cases is about all"),
        (["cases", "--after", "5"], "--after is for `tapwright bank desk`"),
        (["answer-case"], "needs a case and approve or decline"),
        (["answer-case", NOBODY, "maybe"], "needs a case and approve or decline"),
        (["answer-case", "acct_1", "approve"], "CASE: this is not an identifier"),
        (["desk", "--after", "-1"], "--after -1.0: must be from 0 to 86400 seconds"),
        (["desk", "--approve-up-to", "0"], "--approve-up-to 0: must be more than 0"),
    ],
)
def test_what_is_wrong_is_said(told, arguments, said):
    """In one line, before anything is asked."""
    code, _, error = told(*arguments)
    assert (code, said in error) == (2, True), error
