"""A decision, as `tapwright explain` shows it."""

import io

import pytest
from rich.console import Console

from simulators.testkit.decision_table import show_decision

DECISION = {
    "id": "auth_1",
    "kind": "financial_request",
    "approved": True,
    "amount": 1250,
    "currency": "EUR",
    "merchant": "Corner shop",
    "response_code": "00",
    "reason": "approved",
    "explanation": "All checks passed.",
    "checks": [],
    "rules": [],
}
"""As a server of version 0.1 tells it."""


def _shown(decision, width=120):
    console = Console(file=io.StringIO(), width=width)
    show_decision(decision, console)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("more", "merchant"),
    [
        ({}, "Corner shop"),
        ({"merchant_name": "", "merchant_city": ""}, "Corner shop"),
        ({"merchant": "SHOP01", "merchant_name": "CAFE", "merchant_city": "BERLIN"}, "SHOP01, CAFE, BERLIN"),
    ],
)
def test_the_merchants_name_and_city_are_shown_where_they_are_known(more, merchant):
    """Servers of version 0.1 do not tell them, and messages without DE 43 have none."""
    assert f"12.50 EUR  {merchant}\n" in _shown(DECISION | more)


@pytest.mark.parametrize(
    ("more", "lines"),
    [
        ({}, 0),
        ({"postings": []}, 0),
        ({"postings": [{"id": "post_1", "amount": 1250, "currency": "EUR", "kind": "purchase"}]}, 1),
    ],
)
def test_postings_are_shown_where_the_server_tells_them(more, lines):
    """Servers before the postings of a decision say nothing of them."""
    shown = _shown(DECISION | more)
    assert "financial_request auth_1  12.50 EUR" in shown
    assert shown.count(" posted 12.50 EUR as purchase (post_1)") == lines


def test_names_of_checks_are_whole_in_a_narrow_window():
    """Also where the output is no window, which counts as 80 columns: the name is what is looked for."""
    name = "cardholder_verification"
    check = {"name": name, "outcome": "passed", "saw": "verified by the device, which signed for it (9F10)"}
    shown = _shown(DECISION | {"checks": [check | {"bound": "none: no cash, or not required by the program"}]}, 80)
    assert f" {name} " in shown
    assert "\u2026" not in shown
