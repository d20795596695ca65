"""The read side over the API: lists, pages, filters, disputes; dropped and made anew it says the same."""

import httpx
import pytest

from simulators.parties import sandbox_constants


@pytest.fixture
def http(sandbox):
    """A client that may do everything."""
    headers = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
    with httpx.Client(base_url=sandbox.http_url, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def used(issuer, new_phone, terminal):
    """An account with five taps, one of them declined and one reversed."""
    account = issuer.open_account("EUR", 10_000)
    phone = new_phone()
    phone.provision(issuer.issue_card(account["id"])["id"])
    receipts = [terminal.pay(phone, amount) for amount in (1_000, 2_000, 20_000, 3_000, 4_000)]
    terminal.reverse(receipts[0])
    return account["id"], phone, receipts


def test_pages(http, used):
    """The newest first, page by page, each decision once."""
    account, _, receipts = used
    seen, after = [], None
    while True:
        page = http.get("/v1/authorizations", params={"account_id": account, "limit": 2} | after_of(after)).json()
        seen += page["data"]
        if not page["has_more"]:
            break
        after = page["data"][-1]["id"]
    assert len(seen) == 6
    taps = [each for each in seen if each["kind"] == "authorization_request"]
    assert [each["id"] for each in taps] == [receipt.authorization_id for receipt in reversed(receipts)]
    assert [each["amount"] for each in taps] == [4_000, 3_000, 20_000, 2_000, 1_000]


def after_of(identifier):
    """The parameter that asks for the next page."""
    return {} if identifier is None else {"starting_after": identifier}


def test_filters(http, used):
    """Each filter leaves what it names; together they leave what all name."""
    account, phone, receipts = used
    ask = lambda **wanted: http.get("/v1/authorizations", params={"account_id": account} | wanted).json()["data"]  # noqa: E731
    assert [each["amount"] for each in ask(approved="false")] == [20_000]
    assert [each["reason"] for each in ask(reason="insufficient_funds")] == ["insufficient_funds"]
    assert len(ask(token_id=phone.token_id, merchant="CAFE00000000001")) == 6
    assert ask(merchant_category="0000") == ask(to="2020-01-01T00:00:00Z") == []
    assert len(ask(stan=receipts[1].request[11])) == 1
    assert http.get("/v1/authorizations", params={"colour": "red"}).status_code == 422
    assert http.get("/v1/authorizations", params={"limit": 0}).status_code == 422
    assert http.get("/v1/authorizations", params={"account_id": "x"}).status_code == 404


def test_the_merchants_side_does_not_see_the_account(http, used):
    """A key of the network sees token and last four digits, and no account, card, balance or rule."""
    account, _, receipts = used
    headers = {"Authorization": f"Bearer {sandbox_constants.NETWORK_API_KEY}"}
    listed = http.get("/v1/authorizations", headers=headers).json()["data"]
    assert listed
    assert {each["account_id"] for each in listed} == {each["card_id"] for each in listed} == {None}
    told = http.get(f"/v1/authorizations/{receipts[2].authorization_id}", headers=headers)
    assert told.json()["available"] is told.json()["account_id"] is None
    assert account not in told.text
    assert {"transaction_limit", "available_credit"}.isdisjoint(check["name"] for check in told.json()["checks"])
    assert http.get("/v1/transactions", headers=headers).status_code == 403


def test_postings_and_disputes(http, used, terminal):
    """What is posted can be read, charged back in part and presented again, and no more than there is."""
    account, phone, _ = used
    paid = terminal.buy(phone, 500)
    assert paid.approved
    (posted,) = http.get("/v1/transactions", params={"account_id": account}).json()["data"]
    assert (posted["kind"], posted["amount"], posted["posted_balance"]) == ("purchase", 500, 500)
    address = f"/v1/transactions/{posted['id']}"
    assert http.get(address).json() == posted
    assert http.post(f"{address}/chargeback", json={"amount": 501}).json()["code"] == "exceeds_remainder"
    early = http.post(f"{address}/representment", json={"amount": 1}).json()
    assert (early["code"], "charged back of it" in early["detail"]) == ("exceeds_remainder", True)
    back = http.post(f"{address}/chargeback", json={"amount": 200}).json()
    assert (back["kind"], back["amount"], back["posted_balance"]) == ("chargeback", -200, 300)
    assert back["day"] == http.get(f"/v1/transactions/{back['id']}").json()["day"] == posted["day"]
    again = http.post(f"{address}/representment", json={"amount": 200}).json()
    assert (again["kind"], again["amount"], again["posted_balance"]) == ("representment", 200, 500)
    listed = http.get("/v1/transactions", params={"account_id": account}).json()["data"]
    assert [each["amount"] for each in listed] == [200, -200, 500]
    assert sum(each["amount"] for each in listed) == http.get(f"/v1/accounts/{account}").json()["posted"]
    assert http.get("/v1/transactions/txn_0000000000000").status_code == 404


def test_the_merchants_name_and_city_are_shown(http, used, terminal):
    """Of DE 43: in the decision, which comes from the journal, and in both lists; a message without it has none."""
    account, phone, _ = used
    names = ("merchant", "merchant_name", "merchant_city")

    def shown(receipt):
        decision = http.get(f"/v1/authorizations/{receipt.authorization_id}").json()
        listed = http.get("/v1/authorizations", params={"account_id": account}).json()["data"][0]
        posted = http.get("/v1/transactions", params={"account_id": account}).json()["data"][0]
        return [[each[name] for name in names] for each in (decision, listed, posted)]

    assert shown(terminal.buy(phone, 500)) == [["CAFE00000000001", "TAPWRIGHT CAFE", "BERLIN"]] * 3
    begun = terminal.start(300)
    request = terminal.authorization_request(begun, terminal.read(phone, begun), message_type="0200")
    del request[43]
    assert shown(terminal.send(request)) == [["CAFE00000000001", "", ""]] * 3


def test_a_purchase_with_cash_back_makes_two_postings(http, used, terminal):
    """The goods are part 0, the cash part 1: in the list, under their own ids, and in the decision that made them."""
    account, phone, _ = used
    options = {"message_type": "0200", "cash_minor": 400}
    paid = terminal.authorize_card(phone, terminal.start(900, operation="09", cash_minor=400), **options)
    assert (paid.approved, paid.answer[4]) == (True, "000000000900")
    cash, goods = http.get("/v1/transactions", params={"account_id": account}).json()["data"]
    told = [(each["part"], each["kind"], each["amount"], each["posted_balance"]) for each in (goods, cash)]
    assert told == [(0, "purchase", 500, 500), (1, "cash", 400, 900)]
    number = paid.authorization_id.removeprefix("auth_")
    assert [each["id"] for each in (goods, cash)] == [f"txn_{number}", f"txn_{number}.1"]
    assert [http.get(f"/v1/transactions/{each['id']}").json() for each in (goods, cash)] == [goods, cash]
    for kind, only in (("purchase", goods), ("cash", cash)):
        listed = http.get("/v1/transactions", params={"account_id": account, "kind": kind}).json()["data"]
        assert listed == [only]
    decision = http.get(f"/v1/authorizations/{paid.authorization_id}").json()
    shown = ("id", "kind", "amount", "currency")
    assert decision["postings"] == [{name: each[name] for name in shown} for each in (goods, cash)]
    back = http.post(f"/v1/transactions/{cash['id']}/chargeback", json={"amount": 900}).json()
    assert (back["kind"], back["amount"], back["posted_balance"]) == ("chargeback", -900, 0)


def test_a_decision_shows_what_it_posted(http, used, terminal):
    """A sale, its refund and the refund's reversal; nothing for what is only held or declined, or for a merchant."""
    _, phone, receipts = used
    bought = terminal.buy(phone, 500)
    refunded = terminal.refund(bought, 200)
    undone = terminal.reverse(refunded)

    def posted(receipt, key=sandbox_constants.SANDBOX_API_KEY):
        headers = {"Authorization": f"Bearer {key}"}
        decision = http.get(f"/v1/authorizations/{receipt.authorization_id}", headers=headers).json()
        return [(each["kind"], each["amount"], each["currency"]) for each in decision["postings"]]

    assert posted(bought) == [("purchase", 500, "EUR")]
    assert posted(refunded) == [("refund", -200, "EUR")]
    assert posted(undone) == [("reversal", 200, "EUR")]
    assert [posted(receipt) for receipt in receipts] == [[]] * len(receipts)
    assert posted(bought, sandbox_constants.NETWORK_API_KEY) == []


@pytest.mark.parametrize("dispute", ["chargeback", "representment"])
def test_a_dispute_says_which_posting_it_wants(http, used, terminal, dispute):
    """The id of the purchase, not of what followed it, and never a word of the ISO messages' data elements."""
    account, phone, _ = used
    terminal.buy(phone, 500)
    bought = http.get("/v1/transactions", params={"account_id": account}).json()["data"][0]
    address = f"/v1/transactions/{bought['id']}"
    followed = [http.post(f"{address}/chargeback", json={"amount": 200}).json()]
    followed.append(http.post(f"{address}/representment", json={"amount": 200}).json())
    for posting in followed:
        answer = http.post(f"/v1/transactions/{posting['id']}/{dispute}", json={"amount": 200})
        assert (answer.status_code, answer.json()["code"]) == (409, "not_disputable")
        told = answer.json()["detail"]
        assert posting["id"] in told
        assert f"a {dispute} requires the id of a purchase" in told
    wrong = [
        http.post(f"{address}/{dispute}", json={"amount": 501}),
        http.post(f"/v1/transactions/{account}/{dispute}", json={"amount": 1}),
        http.post(f"/v1/transactions/auth_0000000000001/{dispute}", json={"amount": 1}),
    ]
    assert [answer.status_code for answer in wrong] == [409, 404, 404]
    assert "txn_" in wrong[1].json()["detail"]
    assert all("DE " not in answer.json()["detail"] for answer in wrong)


def test_dropped_and_made_anew(http, used):
    """The same rows come back from the journal while the network works."""
    account, _, _ = used
    wanted = {"account_id": account, "limit": 100}
    before = http.get("/v1/authorizations", params=wanted).json()
    assert http.post("/v1/simulations/history/rebuild").status_code == 202
    assert http.get("/v1/authorizations", params=wanted).json() == before


def test_exceptions(http, used, terminal):
    """A refund advice of more than was paid: acknowledged, posted for what is left, listed, and again."""
    account, phone, _ = used
    bought = terminal.buy(phone, 500)
    told = terminal.messages.refund(dict(bought.request), 800)
    answer = terminal.send(told | {0: "0220"})
    assert answer.approved
    decision = http.get(f"/v1/authorizations/{answer.authorization_id}").json()
    assert (decision["exception"], decision["asked_billing_amount"], decision["billing_amount"]) == (
        "beyond_remainder",
        800,
        500,
    )
    check = next(check for check in decision["checks"] if check["name"] == "original_amount")
    assert (check["saw"], check["bound"]) == ("8.00 EUR", "what is left: 5.00 EUR")
    wanted = {"account_id": account, "exception": "beyond_remainder", "acquirer": bought.request[32].lstrip("0")}
    (listed,) = http.get("/v1/exceptions", params=wanted).json()["data"]
    assert (listed["id"], listed["exception"], listed["explanation"]) == (
        answer.authorization_id,
        "beyond_remainder",
        decision["exception_explanation"],
    )
    assert (listed["amount"], listed["asked_billing_amount"], listed["billing_amount"]) == (800, 800, 500)
    (same,) = http.get("/v1/authorizations", params={"account_id": account, "exception": "beyond_remainder"}).json()[
        "data"
    ]
    assert same["id"] == listed["id"]
    assert http.post("/v1/simulations/history/rebuild").status_code == 202
    assert http.get("/v1/exceptions", params={"account_id": account}).json()["data"] == [listed]
    headers = {"Authorization": f"Bearer {sandbox_constants.NETWORK_API_KEY}"}
    seen = http.get("/v1/exceptions", headers=headers, params={"token_id": phone.token_id}).json()["data"]
    assert [(each["id"], each["account_id"]) for each in seen] == [(listed["id"], None)]
    wallet = {"Authorization": f"Bearer {sandbox_constants.WALLET_API_KEY}"}
    assert http.get("/v1/exceptions", headers=wallet).status_code == 403
    assert http.get(f"/v1/accounts/{account}").json()["posted"] == 0
