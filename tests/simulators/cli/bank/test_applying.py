"""``tapwright bank apply``, ``applications`` and ``answer-application`` against a real server."""

import re

import pytest

from tokenvault.vocabulary.identifiers import Prefix, to_text

NOBODY = to_text(Prefix.APPLICATION, 5)


def test_an_approval_prints_what_was_opened(told):
    """With the payload for the phone; the same customer has the product then."""
    code, said, _ = told("apply", "--score", "720", "--cut-day", "5")
    pattern = (
        r"appl_\w{13}: (cust_\w{13}), product 1, approved, 20,000\.00 CNY\n"
        r"acct_\w{13}, card_\w{13}\n[\w-]+\.[\w-]+\.[\w-]+\n"
    )
    found = re.fullmatch(pattern, said)
    assert (code, bool(found)) == (0, True), said
    assert told("apply", found[1])[1].endswith("product 1, declined (has_product)\n")
    assert "product 2, approved" in told("apply", found[1], "--product", "2")[1]


def test_a_city_that_is_not_open(told):
    """Is declined; that is no error of the command."""
    code, said, _ = told("apply", "--score", "720", "--city", "Lhasa")
    assert (code, "declined (city_not_open)" in said) == (0, True)


def test_the_desk_answers(told):
    """What it sees in the list."""
    application = told("apply", "--score", "580")[1].partition(":")[0]
    assert f"{application}: " in told("applications", "--state", "in_review")[1]
    code, said, _ = told("answer-application", application, "approved", "--credit-limit", "1234.50")
    assert (code, "approved (score_low), 1,234.50 CNY\nacct_" in said) == (0, True), said
    assert application not in told("applications", "--state", "in_review")[1]
    code, _, said = told("answer-application", application, "declined")
    assert (code, "409 application_not_in_review" in said) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["apply", "cust_1"], "CUSTOMER: this is not an identifier"),
        (["apply", to_text(Prefix.CUSTOMER, 5), "--score", "720"], "--score is for new customers"),
        (["apply", "--score", "299"], "--score 299: must be from 300 to 850"),
        (["apply", "--credit-limit", "5"], "--credit-limit is for `tapwright bank answer-application`"),
        (["applications", NOBODY], "bank applications is about all"),
        (["applications", "--cut-day", "5"], "--cut-day is for `tapwright bank apply`"),
        (["answer-application"], "needs an application and approved or declined"),
        (["answer-application", NOBODY], "needs an application and approved or declined"),
        (["answer-application", NOBODY, "maybe"], "needs an application and approved or declined"),
        (["answer-application", "acct_1", "approved"], "APPLICATION: this is not an identifier"),
        (["answer-application", NOBODY, "declined", "--credit-limit", "5"], "--credit-limit is for approvals"),
        (["answer-application", NOBODY, "approved", "--credit-limit", "x"], "--credit-limit 'x' is not an amount"),
    ],
)
def test_wrong_arguments(told, arguments, said):
    """Are named, and no server is asked."""
    code, out, error = told(*arguments)
    assert (code, out, said in error) == (2, "", True), error
