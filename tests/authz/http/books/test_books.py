"""Payments, corrections, waivers, statements and books over HTTP, on one bank that lives through a winter."""

import re
from dataclasses import replace

import httpx
import pytest

from authz.engine import Engine
from authz.history.book_rows import statements
from authz.history.projection import Projection
from authz.http.books.books import BooksView
from authz.program.tables import Bucket
from authz.state.billing import General
from authz.state.book_totals import BookTotals
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import new_command
from simulators.parties import sandbox_constants
from tests.authz.http.books.bank import SHOP
from tests.authz.printing.documents import texts


def test_payments_are_received_listed_and_returned(bank):
    """Each has an identifier and a status; a return is owed again, and happens once."""
    account, phone = bank.account()
    bank.buy(phone, 50_000)
    path = f"/v1/accounts/{account}/payments"
    first = bank.post(path, {"amount": 20_000})
    assert re.fullmatch("pay_[0-9A-Z]{13}", first["id"])
    assert (first["account_id"], first["amount"], first["currency"]) == (account, 20_000, "CNY")
    assert (first["posted_balance"], first["available"], first["status"]) == (30_000, 1_970_000, "received")
    others = [bank.post(path, {"amount": amount}) for amount in (100, 200)]
    page = bank.get(path, limit=2)
    assert [each["id"] for each in page["data"]] == [others[1]["id"], others[0]["id"]]
    assert page["has_more"]
    (last,) = bank.get(path, starting_after=others[0]["id"])["data"]
    assert last == {name: value for name, value in first.items() if name != "available"}
    returned = bank.post(f"/v1/payments/{first['id']}/return", status=200)
    assert (returned["status"], returned["posted_balance"], returned["available"]) == ("returned", 49_700, 1_950_300)
    assert bank.get(f"/v1/payments/{first['id']}")["status"] == "returned"
    assert [each["status"] for each in bank.get(path)["data"]] == ["received", "received", "returned"]
    again = bank.post(f"/v1/payments/{first['id']}/return", status=409)
    assert again["code"] == "already_given_back"
    kinds = [each["kind"] for each in bank.get("/v1/transactions", account_id=account)["data"]]
    assert kinds == ["payment_returned", "payment", "payment", "payment", "purchase"]
    assert bank.get(f"/v1/accounts/{account}")["posted"] == 49_700


def test_events_name_the_payment(bank):
    """Also that of its return, which is a posting of its own."""
    account, _ = bank.account()
    paid = bank.post(f"/v1/accounts/{account}/payments", {"amount": 500})
    bank.post(f"/v1/accounts/{account}/payments", {"amount": 600})
    bank.post(f"/v1/payments/{paid['id']}/return", status=200)
    events = bank.get("/v1/events", type="payment.returned")["data"] + bank.get("/v1/events")["data"]
    own = [each["data"] for each in events if each["data"].get("account_id") == account and "kind" in each["data"]]
    assert [each["payment_id"] == paid["id"] for each in own] == [True, True, False, True]
    (posted,) = bank.get("/v1/transactions", account_id=account, kind="payment_returned")["data"]
    assert (own[0]["id"], own[0]["day"], own[0]["time"][:19]) == (posted["id"], posted["day"], posted["time"][:19])


def test_a_payment_is_received_once_under_an_idempotency_key(bank):
    """Sent again it is answered with the first answer."""
    account, _ = bank.account()
    send = lambda: bank.http.post(  # noqa: E731
        f"/v1/accounts/{account}/payments", json={"amount": 500}, headers={"Idempotency-Key": "pay-it-once"}
    )
    assert send().json() == send().json()
    assert bank.get(f"/v1/accounts/{account}/balance")["posted"] == -500


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("payments", {"amount": 0}, "amount"),
        ("payments", {"amount": -1}, "amount"),
        ("payments", {"amount": 10**12 + 1}, "amount"),
        ("payments", {"amount": "5"}, "amount"),
        ("payments", {"amount": 5, "colour": "red"}, "colour"),
        ("payments", {}, "amount"),
        ("adjustments", {"amount": 0}, "amount"),
        ("adjustments", {"amount": -(10**12) - 1}, "amount"),
        ("adjustments", {"amount": 5, "reason": "x" * 201}, "reason"),
    ],
)
def test_a_wrong_field_is_named(bank, path, body, field):
    """As a problem document, and nothing is posted."""
    account, _ = bank.account()
    answer = bank.post(f"/v1/accounts/{account}/{path}", body, status=422)
    assert [each["field"] for each in answer["errors"]] == [field]
    assert bank.get(f"/v1/accounts/{account}/balance")["posted"] == 0


def test_an_account_without_a_product_has_no_books(bank):
    """What is asked of it is refused, and nothing is shown."""
    account = bank.kit.account("CNY", 100_000)
    for path, body in (("payments", {"amount": 1}), ("adjustments", {"amount": 1}), ("write_off", None)):
        assert bank.post(f"/v1/accounts/{account}/{path}", body, status=409)["code"] == "account_without_product"
    assert bank.get(f"/v1/accounts/{account}/balance")["books"] is None
    assert bank.get(f"/v1/accounts/{account}")["books"] is None
    assert bank.get(f"/v1/accounts/{account}/payments")["data"] == []
    assert bank.get(f"/v1/accounts/{account}/statements")["data"] == []


def test_what_does_not_exist_is_not_found(bank):
    """Accounts, payments, postings and statements; of wrong forms, too."""
    account, _ = bank.account()
    nobody, nothing = "acct_0000000000001", "pay_0000000000001"
    for path in ("payments", "adjustments", "write_off"):
        bank.post(f"/v1/accounts/{nobody}/{path}", {"amount": 1} if path != "write_off" else None, status=404)
    for path in (f"accounts/{nobody}/payments", f"accounts/{nobody}/statements", f"payments/{nothing}", "payments/x"):
        assert bank.http.get(f"/v1/{path}").status_code == 404, path
    bank.post(f"/v1/payments/{nothing}/return", status=404)
    bank.post("/v1/transactions/txn_0000000000001/waive", status=404)
    missing = bank.http.get(f"/v1/accounts/{account}/statements/2026-12-05")
    assert (missing.status_code, "2026-12-05" in missing.json()["detail"]) == (404, True)
    for day in ("yesterday", "0", "1796428800", "2026-12-05T00:00:00", "2026-02-30"):
        wrong = bank.http.get(f"/v1/accounts/{account}/statements/{day}").json()
        assert [each["field"] for each in wrong["errors"]] == ["day"], day
        wrong = bank.http.get(f"/v1/accounts/{account}/statements", params={"starting_after": day}).json()
        assert [each["field"] for each in wrong["errors"]] == ["starting_after"], day
    after = bank.http.get(f"/v1/accounts/{account}/statements", params={"starting_after": "2026-12-05"})
    assert after.status_code == 404


def test_corrections(bank):
    """An adjustment charges or gives back; a write-off takes the rest, and there is nothing more to write off."""
    account, phone = bank.account()
    bank.buy(phone, 10_000)
    path = f"/v1/accounts/{account}"
    charged = bank.post(f"{path}/adjustments", {"amount": 700, "reason": "postage"})
    assert (charged["kind"], charged["amount"], charged["posted_balance"]) == ("adjustment", 700, 10_700)
    assert bank.get(f"/v1/transactions/{charged['id']}") == charged
    given = bank.post(f"{path}/adjustments", {"amount": -200})
    assert (given["amount"], given["posted_balance"]) == (-200, 10_500)
    off = bank.post(f"{path}/write_off")
    assert (off["kind"], off["amount"], off["posted_balance"]) == ("write_off", -10_500, 0)
    assert bank.post(f"{path}/write_off", status=409)["code"] == "nothing_owed"


def test_what_is_posted_is_told_with_its_own_time(bank, monkeypatch):
    """Also where the engine has applied another command before it is answered; so is what a dispute posts."""
    account, phone = bank.account()
    bank.buy(phone, 10_000)
    purchase = bank.get("/v1/transactions", account_id=account)["data"][0]["id"]
    run = Engine.run

    async def run_and_another_a_day_later(engine, commands, attachment=b""):
        results = await run(engine, commands, attachment)
        bank.clock.now += 24 * 60 * 60
        await run(engine, new_command(Kind.PASS_TIME))
        return results

    monkeypatch.setattr(Engine, "run", run_and_another_a_day_later)
    paid = bank.post(f"/v1/accounts/{account}/payments", {"amount": 100})
    adjusted = bank.post(f"/v1/accounts/{account}/adjustments", {"amount": 100})
    disputed = bank.post(f"/v1/transactions/{purchase}/chargeback", {"amount": 100})
    assert bank.get(f"/v1/payments/{paid['id']}")["received_at"] == paid["received_at"]
    assert bank.get(f"/v1/transactions/{adjusted['id']}") == adjusted
    shown = bank.get(f"/v1/transactions/{disputed['id']}")
    assert (shown["time"], shown["day"]) == (disputed["time"], disputed["day"])


@pytest.fixture(scope="module")
def winter(bank):
    """An account that buys for 3,000.00 and takes 1,000.00 in cash in December, and pays the minimum in January."""
    bank.go_to("2026-12-10")
    account, phone = bank.account()
    bank.buy(phone, 300_000)
    cash = bank.kit.terminal("atm").withdraw(phone, 100_000, "7391", "CNY")
    assert cash.approved, cash
    bank.go_to("2027-01-06")
    balance = bank.get(f"/v1/accounts/{account}/balance")
    bank.go_to("2027-01-25")
    bank.post(f"/v1/accounts/{account}/payments", {"amount": 50_000})
    bank.go_to("2027-02-06")
    bank.post(f"/v1/accounts/{account}/payments", {"amount": 1})
    return account, balance


def test_the_books_of_an_account(bank, winter):
    """What is owed by what becomes of it, and when; what waits for the end of a day is named."""
    account, before = winter
    books = before["books"]
    assert (books["new"], books["billed"]) in {(300_000, 0), (0, 300_000)}
    assert (books["cash"], books["fees"]) == (100_000, 1_000)
    # The days are closed by the network itself, or else with the account's next command.
    now = bank.get(f"/v1/accounts/{account}/balance")
    books = now["books"]
    buckets = ("new", "billed", "carried", "cash", "interest", "fees", "planned")
    assert sum(books[name] for name in buckets) == now["posted"]
    assert bank.get(f"/v1/accounts/{account}")["books"] == books
    assert (books["missed"], books["due_day"], books["next_statement_day"]) == (0, "2027-02-25", "2027-03-05")
    assert books["pending_day"] is None


def test_statements_are_listed_and_each_adds_up(bank, winter):
    """The newest first; opening and lines make the closing balance, and each posting is on one of them."""
    account, _ = winter
    path = f"/v1/accounts/{account}/statements"
    listed = bank.get(path)["data"]
    assert [(each["day"], each["since"]) for each in listed] == [("2027-02-05", "2027-01-05"), ("2027-01-05", None)]
    page = bank.get(path, limit=1)
    assert (page["data"], page["has_more"]) == (listed[:1], True)
    assert bank.get(path, starting_after="2027-02-05")["data"] == listed[1:]
    assert bank.get(path, starting_after="2027-01-05")["data"] == []
    second, first = (bank.get(f"{path}/{each['day']}") for each in listed)
    for shown, head in ((second, listed[0]), (first, listed[1])):
        assert {name: shown[name] for name in head} == head
        assert shown["opening"] + sum(line["amount"] for line in shown["lines"]) == shown["closing"]
        assert shown["later_instalments"] == 0
        assert shown["lines"][-1]["balance"] == shown["closing"]
    assert (first["opening"], second["opening"]) == (0, first["closing"])
    # 26 nights of the cash, from 12-10 to 01-05 with both, at 500 ppm.
    assert [(line["kind"], line["amount"]) for line in first["lines"]] == [
        ("purchase", 300_000),
        ("cash", 100_000),
        ("cash_fee", 1_000),
        ("interest", 1_350),
    ]
    assert (first["closing"], first["minimum"], first["interest"]) == (402_350, 42_350, 1_350)
    assert (first["due_day"], first["currency"], first["product"]) == ("2027-01-25", "CNY", 1)
    assert [line["kind"] for line in second["lines"]] == ["payment", "interest"]
    interest = bank.get(f"/v1/transactions/{second['lines'][-1]['id']}")
    assert (interest["day"], interest["time"] > "2027-02-05T16:00") == ("2027-02-05", True)  # midnight in Shanghai
    on_statements = [line["id"] for shown in (first, second) for line in shown["lines"]]
    posted = [each for each in bank.get("/v1/transactions", account_id=account)["data"] if each["amount"] != -1]
    assert sorted(on_statements) == sorted(each["id"] for each in posted)  # what came later is on the next


def test_a_statement_is_shown_where_the_history_begins_behind_the_one_before(bank, winter, monkeypatch):
    """Its lines are all there, so what it opens with follows from them."""
    account, _ = winter
    path = f"/v1/accounts/{account}/statements/2027-02-05"
    shown, kept = bank.get(path), Projection.newest

    def newest(projection, table, query):
        is_gone = table is statements and query.equal.get("day") == "2027-01-05"
        return ([], False) if is_gone else kept(projection, table, query)

    monkeypatch.setattr(Projection, "newest", newest)
    assert bank.get(path) == shown


def test_a_statement_as_a_page(bank, winter):
    """With its header only; what comes from outside is escaped, and nothing is loaded from anywhere."""
    account, _ = winter
    path = f"/v1/accounts/{account}/statements/2027-01-05"
    answer = bank.http.get(path, headers={"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "&lt;Ann&#x27;s &amp; Bob&#x27;s&gt;" in answer.text
    assert SHOP not in answer.text
    assert all(text in answer.text for text in ("4,023.50", "423.50", "2027-01-25", "Cash fee", account))
    assert re.findall("<script|src=|href=|url[(]", answer.text) == []
    for accept in ("*/*", "application/json", "application/json, text/html", "text/html;q=0.5, application/json"):
        assert bank.http.get(path, headers={"Accept": accept}).json()["closing"] == 402_350, accept


def test_a_statement_as_pdf(bank, winter):
    """With its header only: the bank's name as cardholders know it, the lines, and the terms of its day."""
    account, _ = winter
    path = f"/v1/accounts/{account}/statements/2027-01-05"
    answer = bank.http.get(path, headers={"Accept": "application/pdf"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-disposition"] == 'inline; filename="statement-2027-01-05.pdf"'
    assert answer.headers["vary"] == "Accept"
    (text,) = texts(answer.content)
    assert text.startswith("Tapwright Bank Statement of 2027-01-05")
    for row in (f"Account {account}", "Product phone_card", "4,023.50 423.50 2027-01-25 0.00", f"{SHOP}, BERLIN"):
        assert row in text, row
    assert "Interest 0.05 % of what is owed" in text
    assert bank.http.put("/v1/provisioning_policy", json={"product": {"issuer_name": "招商银行"}}).status_code == 200
    (text,) = texts(bank.http.get(path, headers={"Accept": "application/pdf"}).content)
    assert text.startswith("招商银行 Statement of 2027-01-05")
    for accept in ("*/*", "application/json, application/pdf", "application/pdf;q=0.1, application/json"):
        assert bank.http.get(path, headers={"Accept": accept}).json()["closing"] == 402_350, accept
    other = bank.kit.account("CNY", 100, product=1)
    refused = bank.http.get(f"/v1/accounts/{other}/statements/2027-01-05", headers={"Accept": "application/pdf"})
    assert (refused.status_code, refused.headers["content-type"]) == (404, "application/problem+json")


def test_a_fee_is_waived_once(bank, winter):
    """As a whole; what is no fee cannot be waived."""
    account, _ = winter
    listed = bank.get("/v1/transactions", account_id=account)["data"]
    before = bank.get(f"/v1/accounts/{account}/balance")["posted"]
    for kind in ("cash_fee", "interest"):
        charged = next(each for each in listed if each["kind"] == kind)
        waived = bank.post(f"/v1/transactions/{charged['id']}/waive")
        before -= charged["amount"]
        assert (waived["kind"], waived["amount"], waived["posted_balance"]) == ("waiver", -charged["amount"], before)
        again = bank.post(f"/v1/transactions/{charged['id']}/waive", status=409)
        assert again["code"] == "already_given_back"
    bought = next(each for each in listed if each["kind"] == "purchase")
    refused = bank.post(f"/v1/transactions/{bought['id']}/waive", status=409)
    assert refused["code"] == "not_waivable"
    assert "interest, late_fee, cash_fee, plan_fee" in refused["detail"]


def test_what_one_day_close_has_charged_is_waived_by_its_parts(bank):
    """Interest and a late fee of one command are two postings, and each is given back from its own bucket."""
    bank.go_to("2027-02-10")
    account, phone = bank.account(cut_day=12)
    bank.buy(phone, 300_000)
    bank.go_to("2027-03-13")
    bank.post(f"/v1/accounts/{account}/adjustments", {"amount": 1})
    listed = bank.get("/v1/transactions", account_id=account)["data"]
    charged = {each["kind"]: each for each in listed if each["kind"] in ("interest", "late_fee")}
    numbers = {each["id"].partition(".")[0] for each in charged.values()}
    owed = {"interest": charged["interest"]["amount"], "fees": sum(e["amount"] for e in listed if "fee" in e["kind"])}
    for kind, bucket in (("interest", "interest"), ("late_fee", "fees")):
        waived = bank.post(f"/v1/transactions/{charged[kind]['id']}/waive")
        assert waived["amount"] == -charged[kind]["amount"]
        books = bank.get(f"/v1/accounts/{account}/balance")["books"]
        owed[bucket] -= charged[kind]["amount"]
        assert {name: books[name] for name in owed} == owed
    assert len(numbers) == 1, "the two were to be of one command"


def test_books_that_are_not_in_balance_are_shown_as_such():
    """Whether a counter or a bucket is wrong."""
    totals = BookTotals(1, 500, dict.fromkeys(Bucket, 0) | {Bucket.NEW: 500}, {General.NETWORK: -500})
    assert BooksView.of(totals).is_balanced
    one_more = BooksView.of(replace(totals, general={General.NETWORK: -499}))
    assert (one_more.sum, one_more.is_balanced) == (1, False)
    in_no_bucket = BooksView.of(replace(totals, buckets=dict.fromkeys(Bucket, 0)))
    assert (in_no_bucket.sum, in_no_bucket.is_balanced) == (0, False)


def test_all_books_are_in_balance(bank, winter):
    """What accounts owe stands in the general counters with the opposite sign, and the operator alone sees it."""
    totals = bank.get("/v1/books")
    assert (totals["sum"], totals["is_balanced"]) == (0, True)
    assert totals["owed"] == sum(totals["buckets"].values()) == -sum(totals["general"].values())
    assert totals["accounts"] > 2
    assert totals["general"]["network"] < 0 < totals["general"]["payments"]
    _, phone = bank.account()
    bank.buy(phone, 123)
    later = bank.get("/v1/books")
    assert later["general"]["network"] == totals["general"]["network"] - 123
    assert later["owed"] == -sum(later["general"].values())
    headers = {"Authorization": f"Bearer {sandbox_constants.ISSUER_API_KEY}"}
    assert httpx.get(f"{bank.network.http_url}/v1/books", headers=headers, trust_env=False).status_code == 403


def test_what_an_account_owed_when_it_got_its_product(bank):
    """It stands in the general counter `opening`, and the books stay in balance."""
    account = bank.kit.account("CNY", 100_000)
    bank.buy(bank.kit.phone(bank.kit.card(account)), 5_000)
    before = bank.get("/v1/books")
    changed = bank.http.patch(f"/v1/accounts/{account}", json={"product": 1, "cut_day": 5})
    assert changed.status_code == 200
    totals = bank.get("/v1/books")
    assert totals["general"]["opening"] - before["general"]["opening"] == -5_000
    assert (totals["accounts"] - before["accounts"], totals["is_balanced"]) == (1, True)
    assert bank.get(f"/v1/accounts/{account}/balance")["books"]["new"] == 5_000


def test_a_decision_tells_only_what_it_has_posted_itself(bank):
    """The late fee of a day before it is on no decision, whenever that day was closed."""
    account, phone = bank.account()
    bank.buy(phone, 300_000)
    bank.go_to_days_later(60)
    receipt = bank.shop.buy(phone, 700, "CNY")
    decided = bank.kit.decision(receipt)
    assert [(each["kind"], each["amount"]) for each in decided["postings"]] == [("purchase", 700)]
    kinds = [each["kind"] for each in bank.get("/v1/transactions", account_id=account)["data"]]
    assert kinds.count("late_fee") == 1
