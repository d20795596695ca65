"""Dues ahead over HTTP: what they say is what closing the days brings, and nobody else's account is looked at."""

import pytest

NAMES = ("day", "due_day", "closing", "minimum", "interest", "past_due")


@pytest.fixture
def account(bank):
    """One that has just bought for 3,000.00."""
    number, phone = bank.account()
    bank.buy(phone, 300_000)
    return number


def test_statements_become_what_was_foreseen(bank, account):
    """Of the months ahead, and what is due today."""
    bank.post(f"/v1/accounts/{account}/plans", {"purchase": bought(bank, account), "months": 12})
    foreseen = bank.get(f"/v1/accounts/{account}/dues", months=2)
    assert (foreseen["account_id"], foreseen["currency"], foreseen["paid"]) == (account, "CNY", "nothing")
    assert (foreseen["minimum_due"], foreseen["statement_due"], foreseen["due_day"]) == (0, 0, None)
    # Interest is for as many nights as the month has.
    assert [(due["minimum"] - due["interest"], due["instalments"], due["fees"]) for due in foreseen["data"]] == [
        (26_800, 25_000, 1_800),
        (54_940, 25_000, 3_140),
    ]
    assert foreseen["data"][1]["interest"] in {350, 363, 375, 388}
    assert len(bank.get(f"/v1/accounts/{account}/dues")["data"]) == 12
    until = foreseen["data"][-1]["day"]
    bank.go_to(until)
    assert bank.http.post("/v1/simulations/days", json={"until": until}).status_code == 200
    listed = bank.get(f"/v1/accounts/{account}/statements")["data"][::-1]
    assert [[each[name] for name in NAMES] for each in listed] == [
        [due[name] for name in NAMES] for due in foreseen["data"]
    ]
    now = bank.get(f"/v1/accounts/{account}/dues", months=1, paid="all")
    books = bank.get(f"/v1/accounts/{account}")["books"]
    assert [now[name] for name in ("minimum_due", "statement_due", "due_day")] == [
        books[name] for name in ("minimum_due", "statement_due", "due_day")
    ]
    assert (now["data"][0]["instalments"], now["data"][0]["past_due"]) == (25_000, 0)


def bought(bank, account):
    """The identifier of its purchase."""
    return bank.get("/v1/transactions", account_id=account, kind="purchase")["data"][0]["id"]


def test_the_day_is_that_of_the_clock(bank, account):
    """Looking ahead is no command, and knows the day all the same."""
    bank.go_to_days_later(1)
    assert bank.get(f"/v1/accounts/{account}/dues", months=1)["today"] == bank.get("/v1/simulations/days")["today"]


@pytest.mark.parametrize("wrong", [{"months": 0}, {"months": 25}, {"months": "x"}, {"paid": "some"}])
def test_what_is_refused(bank, account, wrong):
    """Each with the name of the field."""
    answer = bank.http.get(f"/v1/accounts/{account}/dues", params=wrong)
    assert answer.status_code == 422
    assert next(iter(wrong)) in answer.text


def test_accounts_without_dues(bank):
    """One without a product has none, and one that was never charged has none ahead."""
    plain = bank.kit.account("CNY", 100)
    refused = bank.http.get(f"/v1/accounts/{plain}/dues")
    assert (refused.status_code, refused.json()["code"]) == (409, "account_without_product")
    assert bank.http.get("/v1/accounts/acct_0000000000001/dues").status_code == 404
    fresh, _ = bank.account()
    assert bank.get(f"/v1/accounts/{fresh}/dues")["data"] == []
