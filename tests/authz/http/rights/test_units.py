"""Units over HTTP: those of the program, what accounts hold, and what is given and redeemed."""

import httpx
import pytest

from simulators.parties import sandbox_constants
from simulators.sandbox.wiring import running_sandbox
from tests.authz.http.books.bank import PRODUCT, bank_on
from tests.clock import ManualClock
from tests.conftest import settings_for

UNITS = [
    {"number": 1, "id": "points", "price": 1, "expires_days": 30},
    {"number": 2, "id": "lounge"},
]


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """A bank that starts on 2026-11-24, with points and lounge visits."""
    clock = ManualClock()
    settings = settings_for(tmp_path_factory.mktemp("bank") / "data")
    with running_sandbox(settings, clock) as network, bank_on(network, clock) as opened:
        opened.kit.issuer.call("PUT", "/v1/program", PRODUCT | {"units": UNITS})
        yield opened


@pytest.fixture
def account(bank):
    """An account with a product."""
    return bank.kit.account("CNY", 2_000_000, product=1, cut_day=5)


def held(bank, account):
    """What an account holds: the balance of each unit, and its holdings."""
    shown = bank.get(f"/v1/accounts/{account}/units")
    return {
        each["unit"]: (each["balance"], [(holding["count"], holding["until"]) for holding in each["holdings"]])
        for each in shown["data"]
    }


def test_the_units_of_the_program_are_listed(bank):
    """With all that is said of them."""
    points, lounge = bank.get("/v1/units")["data"]
    assert points == UNITS[0] | {"shortfall": "debt", "waives": None, "pays_for": None}
    assert (lounge["id"], lounge["price"], lounge["expires_days"]) == ("lounge", None, None)


def test_units_are_given_and_redeemed(bank, account):
    """Points become money; the account is told of both."""
    path = f"/v1/accounts/{account}"
    assert held(bank, account) == {}
    given = bank.post(f"{path}/units", {"unit": "points", "count": 86})
    assert given["data"][0]["balance"] == 86
    redeemed = bank.post(f"{path}/redemptions", {"unit": "points", "count": 80})
    assert (redeemed["reward"], redeemed["currency"], redeemed["posted_balance"]) == (80, "CNY", -80)
    (posted,) = bank.get("/v1/transactions", account_id=account)["data"]
    assert (posted["kind"], posted["amount"]) == ("reward", -80)
    bank.post(f"{path}/units", {"unit": "points", "count": -36})
    assert held(bank, account) == {"points": (-30, [(-30, None)])}
    told = bank.get("/v1/events", resource_id=account)["data"]
    types = [each["type"] for each in told if each["type"].startswith("units.")]
    assert types == ["units.taken_back", "units.spent", "units.given"]


def test_what_has_expired_is_not_held_though_no_day_was_closed(bank, account):
    """On the day after the last one."""
    bank.post(f"/v1/accounts/{account}/units", {"unit": "points", "count": 5})
    assert held(bank, account)["points"][0] == 5
    bank.go_to_days_later(31)
    assert held(bank, account) == {}


@pytest.mark.parametrize(
    ("call", "body", "code"),
    [
        ("redemptions", {"unit": "lounge", "count": 1}, "not_redeemable"),
        ("redemptions", {"unit": "points", "count": 1}, "not_enough_units"),
        ("redemptions", {"unit": "miles", "count": 1}, "unit_not_found"),
        ("units", {"unit": "miles", "count": 1}, "unit_not_found"),
    ],
)
def test_what_is_refused_is_named(bank, account, call, body, code):
    """409, with a code and a sentence."""
    refused = bank.post(f"/v1/accounts/{account}/{call}", body, status=409)
    assert refused["code"] == code
    assert held(bank, account) == {}


@pytest.mark.parametrize("call", ["units", "redemptions"])
def test_a_count_of_nothing_is_refused(bank, account, call):
    """The field is named."""
    refused = bank.post(f"/v1/accounts/{account}/{call}", {"unit": "points", "count": 0}, status=422)
    assert [each["field"] for each in refused["errors"]] == ["count"]


def test_an_account_without_a_product_has_no_units(bank):
    """It has no books."""
    account = bank.kit.account("CNY", 1_000)
    refused = bank.post(f"/v1/accounts/{account}/units", {"unit": "points", "count": 1}, status=409)
    assert refused["code"] == "account_without_product"


def test_a_repetition_gives_nothing_twice(bank, account):
    """With the same key, the same answer."""
    headers = {"Idempotency-Key": "eighty-six"}
    calls = [
        bank.http.post(f"/v1/accounts/{account}/units", json={"unit": "points", "count": 86}, headers=headers)
        for _ in range(2)
    ]
    assert [call.status_code for call in calls] == [201, 201]
    assert calls[0].json() == calls[1].json()
    assert held(bank, account)["points"][0] == 86


def test_wallets_and_networks_may_not_call(bank, account):
    """The scopes are those of issuers and of the sandbox."""
    headers = {"Authorization": f"Bearer {sandbox_constants.WALLET_API_KEY}"}
    with httpx.Client(base_url=bank.network.http_url, headers=headers, trust_env=False) as wallet:
        assert wallet.get(f"/v1/accounts/{account}/units").status_code == 403
        body = {"unit": "points", "count": 1}
        assert wallet.post(f"/v1/accounts/{account}/redemptions", json=body).status_code == 403
