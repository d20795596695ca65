"""Relief over HTTP: what is due of one account, or of many, is due later."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import httpx
import pytest

from authz.http.agreements import relief, relief_of_many
from simulators.parties import sandbox_constants
from tests.authz.printing.documents import texts


@pytest.fixture(scope="module")
def billed(bank):
    """A function that opens accounts which owe for a purchase that was billed on 2026-12-05, due on 2026-12-25."""
    accounts = []
    for product in (1, 1, 1, 1, 2, 3):
        account, phone = bank.account(product=product)
        bank.buy(phone, 300_000)
        accounts.append(account)
    bank.close_until("2026-12-05")
    return lambda product=1: accounts.pop({1: 0, 2: -2, 3: -1}[product])


def books_of(bank, account):
    """The books of an account."""
    return bank.get(f"/v1/accounts/{account}/balance")["books"]


def test_what_is_due_is_put_off(bank, billed):
    """Until the due day of the sixth statement; the books say so, and as long or shorter again is refused."""
    account = billed()
    assert (books_of(bank, account)["relief_until"], books_of(bank, account)["relief_interest"]) == (None, None)
    path = f"/v1/accounts/{account}/relief"
    assert bank.post(path, {"months": 6}) == {
        "account_id": account,
        "months": 6,
        "interest": "waived",
        "due_day": "2027-06-25",
    }
    books = books_of(bank, account)
    assert (books["minimum_due"], books["statement_due"], books["billed"]) == (0, 300_000, 300_000)
    assert books["due_day"] == books["relief_until"] == "2027-06-25"
    assert (books["relief_interest"], books["next_statement_day"]) == ("waived", "2027-01-05")
    assert bank.get(f"/v1/accounts/{account}")["books"] == books
    for months in (6, 2):
        refused = bank.post(path, {"months": months}, status=409)
        assert (refused["code"], "for as long or longer before" in refused["detail"]) == ("already_in_relief", True)


def test_relief_that_is_asked_for_twice_at_the_same_time_is_granted_once(bank, billed, monkeypatch):
    """Whoever comes second has changed nothing, and is told so. Both have read the books before either is relieved."""
    account, both_have_read, books_now = billed(), asyncio.Barrier(2), relief.books_now

    async def read(engine, number):
        books = await books_now(engine, number)
        await both_have_read.wait()
        return books

    monkeypatch.setattr(relief, "books_now", read)
    with ThreadPoolExecutor(2) as pool:
        path, body = f"/v1/accounts/{account}/relief", {"months": 3}
        asked = [pool.submit(bank.http.post, path, json=body) for _ in range(2)]
    assert sorted(each.result().status_code for each in asked) == [201, 409]


def test_interest_is_waived_unless_it_is_said_to_accrue(bank, billed):
    """What was billed bears interest then: its grace is gone."""
    account = billed()
    granted = bank.post(f"/v1/accounts/{account}/relief", {"months": 1, "interest": "accrues"})
    assert (granted["interest"], granted["due_day"]) == ("accrues", "2027-01-25")
    books = books_of(bank, account)
    assert (books["billed"], books["carried"], books["relief_interest"]) == (0, 300_000, "accrues")


def test_terms_decide_how_long_it_may_be(bank, billed):
    """By the product, as what it costs."""
    account, strict = billed(2), billed(3)
    refused = bank.post(f"/v1/accounts/{account}/relief", {"months": 2}, status=422)
    assert refused["errors"] == [{"field": "months", "message": "must be at most 1, by the terms of the product"}]
    refused = bank.post(f"/v1/accounts/{strict}/relief", {"months": 1}, status=422)
    assert refused["errors"] == [{"field": "months", "message": "the terms of the product allow no relief"}]
    assert bank.post(f"/v1/accounts/{account}/relief", {"months": 1})["interest"] == "accrues"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"months": 0}, "months"),
        ({"months": 25}, "months"),
        ({"months": 7}, "months"),
        ({"months": "3"}, "months"),
        ({}, "months"),
        ({"months": 3, "interest": "none"}, "interest"),
        ({"months": 3, "until": "2027-01-01"}, "until"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(bank, body, field):
    """As a problem document, of one account and of many."""
    account, _ = bank.account()
    answer = bank.post(f"/v1/accounts/{account}/relief", body, status=422)
    assert [each["field"] for each in answer["errors"]] == [field]
    answer = bank.post("/v1/relief", {"product": 1, **body}, status=422)
    assert [each["field"] for each in answer["errors"]] == [field]


def test_accounts_without_a_product_or_that_are_not_there(bank):
    """Have nothing that is due."""
    account = bank.kit.account("CNY", 100_000)
    refused = bank.post(f"/v1/accounts/{account}/relief", {"months": 1}, status=409)
    assert refused["code"] == "account_without_product"
    bank.post("/v1/accounts/acct_0000000000001/relief", {"months": 1}, status=404)


def test_relief_comes_once_under_an_idempotency_key(bank, billed):
    """Sent again it is answered with the first answer, not refused."""
    account = billed()
    send = lambda: bank.http.post(  # noqa: E731
        f"/v1/accounts/{account}/relief", json={"months": 2}, headers={"Idempotency-Key": "relieve-it-once"}
    )
    first, second = send(), send()
    assert (first.status_code, second.status_code, first.json()) == (201, 201, second.json())


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"product": 0, "months": 1}, "product"),
        ({"product": 32, "months": 1}, "product"),
        ({"months": 1}, "product"),
        ({"product": 9, "months": 1}, "product"),
        ({"product": 3, "months": 1}, "months"),
        ({"product": 1, "months": 1, "segment": 256}, "segment"),
        ({"product": 1, "months": 1, "segment": -1}, "segment"),
    ],
    ids=str,
)
def test_a_wrong_field_of_a_relief_of_many_is_named(bank, body, field):
    """A product that the program does not have is one."""
    answer = bank.post("/v1/relief", body, status=422)
    assert [each["field"] for each in answer["errors"]] == [field]


def test_relief_of_many(bank, monkeypatch):
    """Of a product and a segment, in however many ranges; who owes nothing, or is in relief, is not counted."""
    monkeypatch.setattr(relief_of_many, "_ROWS_TOGETHER", 2)
    accounts = []
    for segment in (3, 4, 3):
        account, _ = bank.account(product=4)
        bank.kit.issuer.call("PATCH", f"/v1/accounts/{account}", {"segment": segment})
        bank.buy(bank.kit.phone(bank.kit.card(account)), 10_000)
        accounts.append(account)
    bank.kit.account("CNY", 100_000, product=4, cut_day=5)  # owes nothing
    assert bank.post("/v1/relief", {"product": 4, "segment": 3, "months": 2}) == {"accounts": 2}
    until = [books_of(bank, account)["relief_until"] for account in accounts]
    assert until == [until[0], None, until[0]] != [None] * 3
    assert bank.post("/v1/relief", {"product": 4, "months": 2, "interest": "accrues"}) == {"accounts": 1}
    interest = [books_of(bank, account)["relief_interest"] for account in accounts]
    assert interest == ["waived", "accrues", "waived"]
    assert bank.post("/v1/relief", {"product": 4, "months": 2}) == {"accounts": 0}
    assert bank.get("/v1/books")["is_balanced"]


def test_relief_of_many_is_the_operators(bank):
    """An issuer relieves its own accounts one by one."""
    headers = {"Authorization": f"Bearer {sandbox_constants.ISSUER_API_KEY}"}
    refused = httpx.post(f"{bank.network.http_url}/v1/relief", json={"product": 1, "months": 1}, headers=headers)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("interest", "said"), [("waived", "Interest until then is waived."), ("accrues", "Interest accrues until then.")]
)
def test_a_statement_in_relief_says_so(bank, interest, said):
    """In each of its forms, until the statement that asks for something again."""
    today = date.fromisoformat(bank.get("/v1/simulations/days")["today"])
    bank.close_until(f"{today.year}-12-31")
    account, phone = bank.account()
    bank.buy(phone, 10_000)
    until = f"{today.year + 1}-02-25"
    bank.post(f"/v1/accounts/{account}/relief", {"months": 2, "interest": interest})
    bank.close_until(f"{today.year + 1}-02-05")

    def forms(month):
        path = f"/v1/accounts/{account}/statements/{today.year + 1}-{month:02}-05"
        page, document = (bank.http.get(path, headers={"Accept": form}) for form in ("text/html", "application/pdf"))
        return bank.get(path), page.text, texts(document.content)[0]

    statement, *others = forms(1)
    assert (statement["minimum"], statement["due_day"]) == (0, until)
    assert (statement["relief_until"], statement["relief_interest"]) == (until, interest)
    for form in others:
        assert f"This statement asks for no payment: what is due has been put off until {until}. {said}" in form
    statement, *others = forms(2)
    assert (statement["minimum"] > 0, statement["due_day"]) == (True, until)
    assert (statement["relief_until"], statement["relief_interest"]) == (None, None)
    assert not any("put off" in form for form in others)
