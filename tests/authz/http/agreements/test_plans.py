"""Instalments over HTTP: what may be agreed, what it costs, and what becomes of it."""

import re
from datetime import date

import pytest

from authz.http.agreements import plans


def last_purchase(bank, account):
    """The identifier of an account's newest purchase."""
    return bank.get("/v1/transactions", account_id=account, kind="purchase", limit=1)["data"][0]["id"]


def split(bank, account, months=12, *, status=201, **what):
    """A plan for the newest purchase, or for what is said instead."""
    what = what if "statement" in what or "purchase" in what else {"purchase": last_purchase(bank, account)} | what
    return bank.post(f"/v1/accounts/{account}/plans", {"months": months, **what}, status=status)


@pytest.fixture(scope="module")
def today(bank):
    """The day on which a test begins, in the bank's zone: tests live one after the other."""
    return lambda: date.fromisoformat(bank.get("/v1/simulations/days")["today"])


@pytest.fixture
def purchase(bank):
    """An account that has just bought for 1,200.00."""
    account, phone = bank.account()
    bank.buy(phone, 120_000)
    return account, last_purchase(bank, account)


def test_twelve_instalments(bank, purchase):
    """Each statement bills 100.00 and a fee of 7.20, all of it due; what is not billed uses the limit only."""
    account, bought = purchase
    plan = split(bank, account, purchase=bought)
    assert re.fullmatch("plan_[0-9A-Z]{13}", plan["id"])
    assert (plan["account_id"], plan["purchase"], plan["currency"]) == (account, bought, "CNY")
    assert (plan["principal"], plan["left"], plan["months"], plan["billed"]) == (120_000, 120_000, 12, 0)
    assert (plan["fee"], plan["fee_ppm"], plan["status"], plan["end"]) == (720, 6_000, "active", None)
    assert [each["number"] for each in plan["schedule"]] == list(range(1, 13))
    assert {(each["amount"], each["fee"]) for each in plan["schedule"]} == {(10_000, 720)}
    assert (plan["started_day"], plan["schedule"][0]["statement_day"]) == ("2026-11-24", "2026-12-05")
    assert plan["schedule"][-1]["statement_day"] == "2027-11-05"
    balance = bank.get(f"/v1/accounts/{account}/balance")
    assert (balance["books"]["planned"], balance["books"]["new"], balance["available"]) == (120_000, 0, 1_880_000)

    bank.close_until("2026-12-05")
    statement = bank.get(f"/v1/accounts/{account}/statements/2026-12-05")
    assert (statement["closing"], statement["minimum"]) == (10_720, 10_720)
    assert (statement["opening"], statement["later_instalments"]) == (0, -110_000)
    page = bank.http.get(f"/v1/accounts/{account}/statements/2026-12-05", headers={"Accept": "text/html"}).text
    assert '<td>Later instalments<td class="amount">-1,100.00' in page
    assert [line["kind"] for line in statement["lines"]] == ["purchase", "plan_fee"]
    now = bank.get(f"/v1/plans/{plan['id']}")
    assert now == plan | {"left": 110_000, "billed": 1, "schedule": plan["schedule"][1:]}


def test_the_purchase_of_a_completed_authorization_is_named_by_its_posting(bank):
    """Which is not the number of the authorization."""
    account, phone = bank.account()
    receipt = bank.shop.pay(phone, 50_000, "CNY")
    assert bank.shop.complete(receipt, 50_000).approved
    bought = last_purchase(bank, account)
    assert bought.removeprefix("txn_") != receipt.authorization_id.removeprefix("auth_")
    plan = split(bank, account, purchase=bought)
    assert bank.get(f"/v1/plans/{plan['id']}")["purchase"] == plan["purchase"] == bought


def test_a_segment_s_terms_say_what_may_be_agreed(bank, purchase):
    """They lie over those of the product while the account is in it."""
    account, bought = purchase
    assert bank.get(f"/v1/accounts/{account}/balance")["segment"] == 0
    bank.kit.issuer.call("PATCH", f"/v1/accounts/{account}", {"segment": 5})
    assert bank.get(f"/v1/accounts/{account}/balance")["segment"] == 5
    assert "must be one of 9" in split(bank, account, 12, purchase=bought, status=422)["errors"][0]["message"]
    assert split(bank, account, 9, purchase=bought)["fee_ppm"] == 100
    refused = bank.post(f"/v1/accounts/{account}/relief", {"months": 2}, status=422)
    assert "must be at most 1" in refused["errors"][0]["message"]


def test_a_part_of_the_last_statement(bank):
    """Counts toward what is due as a payment would; the day must be that of the last statement."""
    account, phone = bank.account(cut_day=7)
    path = f"/v1/accounts/{account}/plans"
    early = bank.post(path, {"months": 3, "statement": "2026-12-07"}, status=422)
    assert early["errors"] == [{"field": "statement", "message": "the account has no statement yet"}]
    bank.buy(phone, 100_001)
    bank.close_until("2026-12-07")
    wrong = bank.post(path, {"months": 3, "statement": "2026-11-07"}, status=422)
    (told,) = wrong["errors"]
    assert (told["field"], "2026-12-07" in told["message"]) == ("statement", True)
    plan = split(bank, account, 3, statement="2026-12-07", amount=50_000)
    assert (plan["purchase"], plan["principal"]) == (None, 50_000)
    assert [each["amount"] for each in plan["schedule"]] == [16_666, 16_666, 16_668]
    books = bank.get(f"/v1/accounts/{account}/balance")["books"]
    assert (books["billed"], books["planned"], books["minimum_due"], books["statement_due"]) == (
        50_001,
        50_000,
        0,
        50_001,
    )
    rest = split(bank, account, 3, statement="2026-12-07")
    assert (rest["principal"], [each["amount"] for each in rest["schedule"]]) == (50_001, [16_667] * 3)
    assert split(bank, account, 3, statement="2026-12-07", status=409)["code"] == "nothing_owed"


def test_a_statement_that_has_become_earlier_is_not_taken_for_the_next(bank, today, monkeypatch):
    """It was the last one when the request came, and when the command was carried out there was another."""
    bank.close_until(f"{today().year}-12-31")
    account, phone = bank.account()
    bank.buy(phone, 100_000)
    bank.close_until(cut := f"{today().year}-01-05")
    books_now = plans.books_now

    async def read(engine, number):
        books = await books_now(engine, number)
        bank.clock.advance(31 * 86_400)
        return books

    with monkeypatch.context() as patched:
        patched.setattr(plans, "books_now", read)
        refused = split(bank, account, 3, statement=cut, status=409)
    assert refused["code"] == "not_the_last_statement"
    assert refused["detail"] == f"no plan for {account}: the account has another statement since"
    assert bank.get(f"/v1/accounts/{account}/plans")["data"] == []


def test_a_statement_that_was_carried_cannot_be_split(bank, today):
    """The account owes something, and is not told that it does not."""
    bank.close_until(f"{today().year}-12-31")
    account, phone = bank.account()
    bank.buy(phone, 100_000)
    bank.close_until(cut := f"{today().year}-01-05")
    bank.close_until(f"{today().year}-01-30")  # nothing was paid
    assert bank.get(f"/v1/accounts/{account}/balance")["books"]["carried"] == 100_000
    refused = split(bank, account, 3, statement=cut, status=409)
    assert (refused["code"], "owes nothing" in refused["detail"]) == ("nothing_owed", False)
    assert "carried over because it was not paid in time" in refused["detail"]


def test_terms_decide_what_is_offered(bank):
    """By the product: how many instalments, and their fee; another product, or none, offers others."""
    account, phone = bank.account(product=2)
    bank.buy(phone, 10_000)
    refused = split(bank, account, 12, status=422)
    assert refused["errors"] == [{"field": "months", "message": "must be one of 2, by the terms of the product"}]
    plan = split(bank, account, 2)
    assert (plan["fee"], plan["fee_ppm"]) == (100, 10_000)
    ended = bank.post(f"/v1/plans/{plan['id']}/end", status=200)
    assert (ended["early_fee"], ended["posted_balance"]) == (77, 10_077)
    account, phone = bank.account(product=3)
    bank.buy(phone, 10_000)
    refused = split(bank, account, 3, status=422)
    assert refused["errors"] == [{"field": "months", "message": "the terms of the product offer no plans"}]
    account = bank.kit.account("CNY", 100_000)
    body = {"months": 3, "statement": "2026-12-05"}
    assert bank.post(f"/v1/accounts/{account}/plans", body, status=409)["code"] == "account_without_product"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"months": 0, "purchase": "txn_0000000000001"}, "months"),
        ({"months": 61, "purchase": "txn_0000000000001"}, "months"),
        ({"months": "3", "purchase": "txn_0000000000001"}, "months"),
        ({"months": 13, "purchase": "txn_0000000000001"}, "months"),
        ({"purchase": "txn_0000000000001"}, "months"),
        ({"months": 3, "purchase": "txn_0000000000001", "amount": 0}, "amount"),
        ({"months": 3, "purchase": "txn_0000000000001", "amount": 10**12 + 1}, "amount"),
        ({"months": 3, "purchase": "txn_0000000000001", "amount": "5"}, "amount"),
        ({"months": 3, "purchase": 5}, "purchase"),
        ({"months": 3, "statement": 20261205}, "statement"),
        ({"months": 3, "statement": "2026-13-05"}, "statement"),
        ({"months": 3, "purchase": "txn_0000000000001", "fee": 5}, "fee"),
        ({"months": 3}, "body"),
        ({"months": 3, "purchase": "txn_0000000000001", "statement": "2026-12-05"}, "body"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(bank, purchase, body, field):
    """As a problem document, and nothing is split."""
    account, _ = purchase
    answer = bank.post(f"/v1/accounts/{account}/plans", body, status=422)
    assert [each["field"] for each in answer["errors"]] == [field]
    assert bank.get(f"/v1/accounts/{account}/plans")["data"] == []


def test_what_cannot_be_split(bank, purchase):
    """Cash, payments, more than there is, twice the same, and what belongs to another account."""
    account, bought = purchase
    other, phone = bank.account()
    bank.buy(phone, 5_000)
    foreign = split(bank, account, 3, purchase=last_purchase(bank, other), status=422)
    assert [each["field"] for each in foreign["errors"]] == ["purchase"]
    assert split(bank, account, 3, purchase=bought, amount=120_001, status=409)["code"] == "exceeds_remainder"
    bank.post(f"/v1/accounts/{account}/payments", {"amount": 100})
    (paid,) = bank.get("/v1/transactions", account_id=account, kind="payment")["data"]
    assert split(bank, account, 3, purchase=paid["id"], status=409)["code"] == "not_splittable"
    phone = bank.kit.phone(bank.kit.card(account, pin="7391"))
    assert bank.kit.terminal("atm").withdraw(phone, 10_000, "7391", "CNY").approved
    (cash,) = bank.get("/v1/transactions", account_id=account, kind="cash")["data"]
    assert split(bank, account, 3, purchase=cash["id"], status=409)["code"] == "not_splittable"
    split(bank, account, 3, purchase=bought)
    again = split(bank, account, 3, purchase=bought, status=409)
    assert (again["code"], "was split before" in again["detail"]) == ("not_splittable", True)


def test_a_refund_shortens_a_plan_from_its_end(bank):
    """And ends it where nothing is left."""
    account, phone = bank.account()
    bought = bank.shop.buy(phone, 120_000, "CNY")
    plan = split(bank, account)
    assert bank.shop.refund(bought, 45_000).approved
    now = bank.get(f"/v1/plans/{plan['id']}")
    assert (now["left"], now["status"]) == (75_000, "active")
    assert [each["amount"] for each in now["schedule"]] == [10_000] * 7 + [5_000]
    assert bank.shop.refund(bought, 75_000).approved
    now = bank.get(f"/v1/plans/{plan['id']}")
    assert (now["left"], now["status"], now["end"], now["schedule"]) == (0, "ended", "given_back", [])


def test_a_plan_is_ended_early_once(bank, purchase):
    """What is left is billed at once, with 3 % of it as a fee."""
    account, bought = purchase
    plan = split(bank, account, purchase=bought)
    ended = bank.post(f"/v1/plans/{plan['id']}/end", status=200)
    assert (ended["early_fee"], ended["posted_balance"]) == (3_600, 123_600)
    assert (ended["status"], ended["end"], ended["left"], ended["schedule"]) == ("ended", "early", 0, [])
    shown = {name: value for name, value in ended.items() if name not in ("early_fee", "posted_balance")}
    assert bank.get(f"/v1/plans/{plan['id']}") == shown
    books = bank.get(f"/v1/accounts/{account}/balance")["books"]
    assert (books["planned"], books["billed"], books["fees"]) == (0, 120_000, 3_600)
    assert bank.post(f"/v1/plans/{plan['id']}/end", status=409)["code"] == "already_ended"


def test_the_fee_of_a_plan_is_waived(bank, purchase):
    """As other fees are, once."""
    account, bought = purchase
    plan = split(bank, account, purchase=bought)
    bank.post(f"/v1/plans/{plan['id']}/end", status=200)
    (fee,) = bank.get("/v1/transactions", account_id=account, kind="plan_fee")["data"]
    waived = bank.post(f"/v1/transactions/{fee['id']}/waive")
    assert (waived["kind"], waived["amount"], waived["posted_balance"]) == ("waiver", -3_600, 120_000)
    assert bank.post(f"/v1/transactions/{fee['id']}/waive", status=409)["code"] == "already_given_back"


def test_plans_are_listed_the_newest_first(bank):
    """Page by page, ended ones too; each is read by its identifier."""
    account, phone = bank.account()
    made = []
    for amount in (3_000, 4_000, 5_000):
        bank.buy(phone, amount)
        made.append(split(bank, account, 3))
    path = f"/v1/accounts/{account}/plans"
    page = bank.get(path, limit=2)
    assert ([each["id"] for each in page["data"]], page["has_more"]) == ([made[2]["id"], made[1]["id"]], True)
    rest = bank.get(path, starting_after=made[1]["id"])
    assert (rest["data"], rest["has_more"]) == ([made[0]], False)
    other, phone = bank.account()
    bank.buy(phone, 3_000)
    for named in (split(bank, other, 3)["id"], "plan_00000000ZZZZZ"):
        answer = bank.http.get(path, params={"starting_after": named})
        assert (answer.status_code, answer.json()["detail"]) == (404, f"{account} has no plan {named}")
    bank.post(f"/v1/accounts/{account}/write_off")
    assert {(each["status"], each["end"]) for each in bank.get(path)["data"]} == {("ended", "written_off")}


def test_a_plan_begins_once_under_an_idempotency_key(bank, purchase):
    """Sent again it is answered with the first answer."""
    account, bought = purchase
    send = lambda: bank.http.post(  # noqa: E731
        f"/v1/accounts/{account}/plans",
        json={"months": 3, "purchase": bought},
        headers={"Idempotency-Key": "split-it-once"},
    )
    first, second = send(), send()
    assert (first.status_code, first.json()) == (201, second.json())


def test_what_does_not_exist_is_not_found(bank, purchase):
    """Accounts, purchases and plans; of wrong forms, too."""
    account, _ = purchase
    nobody, nothing = "acct_0000000000001", "plan_0000000000001"
    bank.post(f"/v1/accounts/{nobody}/plans", {"months": 3, "statement": "2026-12-05"}, status=404)
    bank.post(f"/v1/accounts/{account}/plans", {"months": 3, "purchase": "txn_0000000000001"}, status=404)
    bank.post(f"/v1/plans/{nothing}/end", status=404)
    for path in (f"accounts/{nobody}/plans", f"plans/{nothing}", "plans/x"):
        assert bank.http.get(f"/v1/{path}").status_code == 404, path


@pytest.mark.parametrize("other_cut_day", [5, 20, 2])
def test_the_schedule_is_what_the_statements_then_bill(bank, today, other_cut_day):
    """Day by day and with its remainder, also in relief, and where the account gets another statement day."""
    bank.close_until(f"{today().year + 1}-01-06")
    account, phone = bank.account()
    bank.buy(phone, 100_003)
    plan = split(bank, account, 6)
    bank.close_until(f"{today().year}-02-10")
    if other_cut_day != 5:
        bank.kit.issuer.call("PATCH", f"/v1/accounts/{account}", {"cut_day": other_cut_day})
    else:
        bank.post(f"/v1/accounts/{account}/relief", {"months": 3})
    coming = bank.get(f"/v1/plans/{plan['id']}")["schedule"]
    assert len(coming) == 5
    for each in coming:
        before = bank.get(f"/v1/plans/{plan['id']}")
        bank.close_until(each["statement_day"])
        after = bank.get(f"/v1/plans/{plan['id']}")
        assert (after["billed"], before["left"] - after["left"]) == (each["number"], each["amount"]), each
    fees = bank.get("/v1/transactions", account_id=account, kind="plan_fee")["data"][:5]
    assert [(fee["day"], fee["amount"]) for fee in reversed(fees)] == [
        (each["statement_day"], each["fee"]) for each in coming
    ]
    assert (after["status"], after["end"], after["schedule"]) == ("ended", "billed", [])
