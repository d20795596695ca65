"""What a phone shows of its account, and who is shown it."""

import json

import httpx
import pytest

from simulators.parties.sandbox_constants import ISSUER_API_KEY, WALLET_API_KEY
from simulators.wallet.phone import WalletRefused


def shown(phone):
    """The sections that a phone is told, by their names, in the order in which they came."""
    return phone.account()


@pytest.fixture
def refused():
    """The status and the code of what a phone is refused."""

    def of(phone, method, path, body=None):
        with pytest.raises(WalletRefused) as caught:
            phone.call(method, path, body)
        return caught.value.status, caught.value.problem["code"]

    return of


def test_the_sections_of_an_account_with_a_product(bank):
    """Card, credit, bill, plans and postings agree with what the issuer sees."""
    account, phone = bank.account()
    bank.buy(phone, 300_000)
    sections = shown(phone)
    assert list(sections) == ["card", "credit", "bill", "plans", "postings"]
    card = sections["card"]
    token = phone.call("GET", f"/v1/tokens/{phone.token_id}")
    assert (card["token_last4"], card["token_state"], card["suspended_by"]) == (token["token_last4"], "active", [])
    assert card["card_last4"] == bank.get(f"/v1/cards/{token['card_id']}")["last4"]
    assert card["art"]["art_url"] == "/v1/product_art.svg"
    balance = bank.get(f"/v1/accounts/{account}/balance")
    assert sections["credit"] == {"section": "credit"} | {
        name: balance[name] for name in ("credit_limit", "posted", "held", "available")
    }
    assert (sections["bill"]["statement"], sections["bill"]["due_day"]) == (None, None)
    assert [each["closing"] for each in sections["bill"]["ahead"]][:1] == [300_000]
    assert len(sections["bill"]["ahead"]) == 3
    posted = bank.get("/v1/transactions", account_id=account)["data"]
    assert sections["postings"]["data"] == posted
    assert (len(posted), sections["plans"]["data"]) == (1, [])


def test_an_account_without_a_product_has_no_bill(bank):
    """And no instalments."""
    phone = bank.kit.phone()
    assert list(shown(phone)) == ["card", "credit", "postings"]


def test_the_order_is_that_of_the_segment(bank):
    """What its portal names comes first; what it names and nobody shows is passed over."""
    program = bank.get("/v1/program")["document"]
    segments = [{"number": 1, "id": "travel", "portal": ["bill", "lounges", "credit"]}]
    bank.kit.issuer.call("PUT", "/v1/program", program | {"segments": segments})
    account, phone = bank.account()
    assert list(shown(phone)) == ["card", "credit", "bill", "plans", "postings"]
    bank.kit.issuer.call("PATCH", f"/v1/accounts/{account}", {"segment": 1})
    assert list(shown(phone)) == ["bill", "credit", "card", "plans", "postings"]


def test_units_are_shown_and_redeemed(bank, refused):
    """As the issuer sees them; a suspended token redeems nothing."""
    program = bank.get("/v1/program")["document"]
    units = [{"number": 1, "id": "points", "price": 2}]
    bank.kit.issuer.call("PUT", "/v1/program", program | {"units": units})
    account, phone = bank.account()
    bank.buy(phone, 10_000)
    assert shown(phone)["units"] == {"section": "units", "data": []}
    bank.post(f"/v1/accounts/{account}/units", {"unit": "points", "count": 500})
    held = shown(phone)["units"]["data"]
    assert held == bank.get(f"/v1/accounts/{account}/units")["data"]
    assert [(each["unit"], each["balance"]) for each in held] == [("points", 500)]
    redeemed = phone.redeem("points", 100)
    assert (redeemed["reward"], redeemed["posted_balance"]) == (200, 9_800)
    assert shown(phone)["units"]["data"][0]["balance"] == 400
    path, body = f"/v1/tokens/{phone.token_id}/redemptions", {"unit": "points", "count": 401}
    assert refused(phone, "POST", path, body) == (409, "not_enough_units")
    phone.change_token("suspend")
    assert refused(phone, "POST", path, body) == (409, "token_state_conflict")
    bank.kit.issuer.call("PUT", "/v1/program", program)


def test_the_last_ten_postings(bank):
    """Of all cards of the account, the newest first."""
    account, phone = bank.account()
    other = bank.kit.phone(bank.kit.card(account))
    for amount in range(1, 12):
        bank.buy(phone if amount % 2 else other, amount)
    assert [each["amount"] for each in shown(phone)["postings"]["data"]] == list(range(11, 1, -1))


def test_the_bill_and_what_a_phone_does_about_it(bank, refused):
    """A statement is paid in part, the rest split, ended early and put off; each as the issuer's own calls do it."""
    account, phone = bank.account()
    bank.buy(phone, 300_000)
    bank.close_until("2026-12-05")
    bill, path = shown(phone)["bill"], f"/v1/tokens/{phone.token_id}"
    statement = bank.get(f"/v1/accounts/{account}/statements")["data"][0]
    assert bill["statement"] == statement
    assert (bill["minimum_due"], bill["statement_due"], bill["due_day"]) == (30_000, 300_000, statement["due_day"])

    paid = phone.call("POST", f"{path}/payments", {"amount": 30_000})
    assert (paid["account_id"], paid["posted_balance"], paid["status"]) == (account, 270_000, "received")
    bill = shown(phone)["bill"]
    assert (bill["minimum_due"], bill["statement_due"]) == (0, 270_000)

    split = {"statement": statement["day"], "months": 12, "amount": 120_000}
    plan = phone.call("POST", f"{path}/plans", split)
    assert shown(phone)["plans"]["data"] == [plan] == [bank.get(f"/v1/plans/{plan['id']}")]
    assert phone.call("POST", f"{path}/plans/{plan['id']}/end")["status"] == "ended"
    assert shown(phone)["plans"]["data"] == []
    assert refused(phone, "POST", f"{path}/plans/{plan['id']}/end") == (409, "already_ended")

    relief = phone.call("POST", f"{path}/relief", {"months": 2, "interest": "waived"})
    bill = shown(phone)["bill"]
    assert bill["relief_until"] == bill["due_day"] == relief["due_day"]
    assert refused(phone, "POST", f"{path}/payments", {"amount": 0}) == (422, "invalid_field")
    assert refused(phone, "POST", f"{path}/plans", {"months": 12}) == (422, "invalid_field")


def test_a_purchase_of_the_same_account_only(bank, refused):
    """Another account's purchase and plan are not there for a phone."""
    _, phone = bank.account()
    theirs, other = bank.account()
    bank.buy(other, 120_000)
    bought = shown(other)["postings"]["data"][0]["id"]
    path = f"/v1/tokens/{phone.token_id}/plans"
    assert refused(phone, "POST", path, {"purchase": bought, "months": 12}) == (404, "not_found")
    plan = other.call("POST", f"/v1/tokens/{other.token_id}/plans", {"purchase": bought, "months": 12})
    assert plan["account_id"] == theirs
    assert refused(phone, "POST", f"{path}/{plan['id']}/end") == (404, "not_found")


def test_the_tokens_own_device_alone(bank, refused):
    """With a proof for this call that was not used before, and a wallet's key."""
    _, phone = bank.account()
    _, other = bank.account()
    path = f"/v1/tokens/{phone.token_id}/account"
    assert refused(other, "GET", path) == (403, "wrong_device")
    assert refused(other, "POST", f"/v1/tokens/{phone.token_id}/payments", {"amount": 1}) == (403, "wrong_device")

    def ask(key, **headers):
        answer = httpx.get(
            bank.network.http_url + path, headers={"Authorization": f"Bearer {key}", **headers}, trust_env=False
        )
        return answer.status_code, answer.json().get("code")

    proof = phone.proof("GET", path)
    assert ask(WALLET_API_KEY) == (401, "invalid_dpop_proof")
    assert ask(WALLET_API_KEY, DPoP=phone.proof("POST", path)) == (401, "invalid_dpop_proof")
    assert ask(WALLET_API_KEY, DPoP=proof) == (200, None)
    assert ask(WALLET_API_KEY, DPoP=proof) == (401, "replayed_dpop_proof")
    assert ask(ISSUER_API_KEY) == (403, "missing_scope")


def test_a_payment_is_received_once_under_one_key(bank):
    """A wallet that lost the answer sends the request again, with a new proof."""
    account, phone = bank.account()
    bank.buy(phone, 5_000)
    path = f"/v1/tokens/{phone.token_id}/payments"

    def pay():
        headers = {
            "Authorization": f"Bearer {WALLET_API_KEY}",
            "DPoP": phone.proof("POST", path),
            "Idempotency-Key": f"pay {phone.token_id}",
        }
        url = bank.network.http_url + path
        return httpx.post(url, json={"amount": 2_000}, headers=headers, trust_env=False).json()

    assert pay() == pay()
    assert bank.get(f"/v1/accounts/{account}/balance")["posted"] == 3_000


@pytest.mark.parametrize("initiator", ["cardholder", "wallet"])
def test_a_suspended_token_still_shows_the_bill_and_pays_it(bank, refused, initiator):
    """What is owed falls due all the same; nothing new is agreed on."""
    _, phone = bank.account()
    bank.buy(phone, 120_000)
    phone.change_token("suspend", initiator)
    sections, path = shown(phone), f"/v1/tokens/{phone.token_id}"
    assert (sections["card"]["token_state"], sections["card"]["suspended_by"]) == ("suspended", [initiator])
    assert phone.call("POST", f"{path}/payments", {"amount": 20_000})["posted_balance"] == 100_000
    purchase = {"purchase": sections["postings"]["data"][0]["id"], "months": 12}
    assert refused(phone, "POST", f"{path}/plans", purchase) == (409, "token_state_conflict")
    assert refused(phone, "POST", f"{path}/relief", {"months": 1}) == (409, "token_state_conflict")
    phone.change_token("resume", initiator)
    assert phone.call("POST", f"{path}/plans", purchase)["status"] == "active"


def test_before_activation_and_after_the_end_nothing_is_shown(bank, refused):
    """The cardholder is not verified yet, or the phone is no longer theirs."""
    account, phone = bank.account()
    other = bank.kit.bare_phone()
    other.register()
    other.request_token(bank.kit.card(account))
    assert refused(other, "GET", f"/v1/tokens/{other.token_id}/account") == (409, "token_state_conflict")
    phone.delete_token()
    for method, path, body in (("GET", "account", None), ("POST", "payments", {"amount": 1})):
        refusal = refused(phone, method, f"/v1/tokens/{phone.token_id}/{path}", body)
        assert refusal == (409, "token_state_conflict"), path


def test_a_merchant_on_file_sees_no_account(bank, refused):
    """Its wallet's key reaches the token, and no device's proof reaches the account behind it."""
    account, phone = bank.account()
    body = {"card_id": bank.kit.card(account), "token_requestor_id": "99900000002"}
    headers = {"Authorization": f"Bearer {WALLET_API_KEY}"}
    on_file = httpx.post(f"{bank.network.http_url}/v1/tokens", json=body, headers=headers, trust_env=False).json()
    assert refused(phone, "GET", f"/v1/tokens/{on_file['id']}/account") == (403, "wrong_device")


def test_no_full_pan_is_shown(bank):
    """Neither of the card nor of the token: no run of digits as long as one."""
    _, phone = bank.account()
    bank.buy(phone, 1_000)
    text = json.dumps(phone.call("GET", f"/v1/tokens/{phone.token_id}/account"))
    credentials = phone.personalization().track2.hex()[:16]
    assert credentials.isdigit()
    assert credentials not in text
    assert not any(run.isdigit() and len(run) > 11 for run in text.replace('"', " ").split())
