"""Cases over HTTP: opened by a referral, listed for a desk, answered once; and the pass that an approval gives."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from simulators.parties.issuer_client import IssuerRefused
from simulators.parties.merchant import Merchant
from simulators.parties.sandbox_constants import ISSUER_API_KEY


def test_a_referred_payment_opens_a_case_whose_approval_lets_one_payment_through(desk):
    """The case waits at the desk of the segment; its pass is spent once, and shown with the account."""
    shop = desk.shop(segment=1)
    case = shop.referred()
    opened = desk.get(f"/v1/cases/{case}")
    assert (opened["queue"], opened["status"], opened["amount"], opened["currency"]) == (
        "one_to_one",
        "open",
        30_000,
        "EUR",
    )
    assert (opened["account_id"], opened["pass"], opened["decision"]) == (shop.account, None, None)
    assert [each["id"] for each in desk.get("/v1/cases?queue=one_to_one&status=open")["data"]] == [case]
    assert desk.get("/v1/cases?queue=mass")["data"] == []

    answered = desk.answer(case)
    assert (answered["status"], answered["decision"], answered["reason"]) == (
        "answered",
        "approve",
        "customer_confirmed",
    )
    assert (answered["pass"]["status"], answered["expires_at"]) == ("valid", None)
    assert desk.get(f"/v1/accounts/{shop.account}/cases")["data"] == [answered]

    paid = shop.tap()
    assert (paid["reason"], paid["case_id"]) == ("approved", case)
    assert [(rule["id"], rule["outcome"]) for rule in paid["rules"]] == [("much", "passed")]
    spent = desk.get(f"/v1/cases/{case}")["pass"]
    assert (spent["status"], spent["spent_by"]) == ("spent", paid["id"])
    assert shop.referred() != case


def test_a_payment_that_asks_the_same_again_opens_no_second_case(desk):
    """One of more does, and so does another merchant's."""
    shop = desk.shop()
    case = shop.referred()
    assert shop.referred(25_000) == case
    assert shop.referred(31_000) != case
    elsewhere = shop.tap(terminal=desk.kit.terminal(merchant=Merchant(identifier="ANOTHER00000001")))
    assert elsewhere["case_id"] not in (case, None)
    assert {each["queue"] for each in desk.get("/v1/cases")["data"]} == {"mass"}


def test_a_pass_is_for_its_merchant_its_amount_and_its_time(desk):
    """What it is not for is referred as before, and what is declined for another reason does not spend it."""
    shop = desk.shop()
    case = shop.referred()
    desk.answer(case, valid_seconds=600)
    assert shop.tap(30_001)["reason"] == "refer_to_issuer"
    elsewhere = desk.kit.terminal(merchant=Merchant(identifier="ANOTHER00000001"))
    assert shop.tap(terminal=elsewhere)["reason"] == "refer_to_issuer"
    desk.kit.issuer.call("PATCH", f"/v1/accounts/{shop.account}", {"credit_limit": 100})
    declined = shop.tap()
    assert (declined["reason"], declined["case_id"]) == ("insufficient_funds", case)
    assert desk.get(f"/v1/cases/{case}")["pass"]["status"] == "valid"
    desk.kit.issuer.call("PATCH", f"/v1/accounts/{shop.account}", {"credit_limit": 10_000_000})
    desk.clock.advance(600)
    assert desk.get(f"/v1/cases/{case}")["pass"]["status"] == "over"
    assert shop.tap()["reason"] == "refer_to_issuer"


def test_a_reversal_does_not_give_a_pass_back(desk):
    """Whoever has paid with it and given up asks the desk again."""
    shop = desk.shop()
    desk.answer(shop.referred())
    receipt = desk.terminal.pay(shop.phone, 30_000)
    assert receipt.approved
    assert desk.terminal.reverse(receipt).approved
    assert shop.tap()["reason"] == "refer_to_issuer"


def test_a_case_that_nobody_answers_expires(desk):
    """By the network's clock, as its queue says; it cannot be answered then, and a new one is opened."""
    shop = desk.shop(segment=1)
    case = shop.referred()
    desk.clock.advance(59)
    assert desk.get(f"/v1/cases/{case}")["status"] == "open"
    desk.clock.advance(1)
    expired = desk.get(f"/v1/cases/{case}")
    assert (expired["status"], expired["decision"], expired["pass"]) == ("expired", None, None)
    assert desk.get("/v1/cases?status=open")["data"] == []
    with pytest.raises(IssuerRefused) as refused:
        desk.answer(case)
    assert (refused.value.status, refused.value.problem["code"]) == (409, "case_expired")
    assert shop.referred() != case


def test_two_answers_at_the_same_time_are_one(desk):
    """One is carried out, the other is refused."""
    case = desk.shop().referred()

    key = {"Authorization": f"Bearer {ISSUER_API_KEY}"}

    def answer(decision):
        """What is answered to an answer."""
        said = {"decision": decision, "reason": "other"}
        return httpx.post(f"{desk.network.http_url}/v1/cases/{case}/answer", json=said, headers=key)

    with ThreadPoolExecutor(2) as both:
        carried_out, refused = sorted(both.map(answer, ("approve", "decline")), key=lambda each: each.status_code)
    assert (carried_out.status_code, refused.status_code) == (200, 409)
    assert refused.json()["code"] == "case_answered"
    assert desk.get(f"/v1/cases/{case}")["decision"] == carried_out.json()["decision"]


def test_a_declined_case_gives_no_pass(desk):
    """The next payment is referred as the first."""
    shop = desk.shop()
    case = shop.referred()
    answered = desk.answer(case, decision="decline", reason="suspected_fraud")
    assert (answered["decision"], answered["reason"], answered["pass"]) == ("decline", "suspected_fraud", None)
    assert shop.tap()["reason"] == "refer_to_issuer"


def test_accounts_in_relief_go_first(desk):
    """In their queue, and page by page."""
    first, second = desk.shop().referred(), desk.shop().referred()
    shop = desk.shop(product=1, cut_day=5)
    assert shop.tap(100)["approved"]
    bought = desk.terminal.buy(shop.phone, 10_000)
    assert bought.approved
    desk.kit.issuer.call("POST", "/v1/simulations/days", {"until": "2026-12-05"})
    desk.kit.issuer.call("POST", f"/v1/accounts/{shop.account}/relief", {"months": 3})
    first, second, relieved = desk.shop().referred(), desk.shop().referred(), shop.referred()
    page = desk.get("/v1/cases?status=open&limit=2")
    assert [each["id"] for each in page["data"]] == [relieved, first]
    assert (page["data"][0]["goes_first"], page["has_more"]) == (True, True)
    assert [each["id"] for each in desk.get(f"/v1/cases?status=open&starting_after={first}")["data"]] == [second]
    assert [each["id"] for each in desk.get("/v1/cases?limit=3")["data"]] == [relieved, second, first]


def test_what_is_wrong_with_an_answer_is_said(desk):
    """The field is named; nothing is answered."""
    case = desk.shop().referred()
    for said, field in (
        ({"decision": "maybe"}, "decision"),
        ({"reason": "4111111111111111"}, "reason"),
        ({"valid_seconds": 0}, "valid_seconds"),
        ({"valid_seconds": 86_401}, "valid_seconds"),
    ):
        with pytest.raises(IssuerRefused) as refused:
            desk.answer(case, **said)
        assert refused.value.status == 422
        assert field in str(refused.value.problem)
    for unknown in ("case_0000000000000", "case_1", "auth_000000000001A"):
        with pytest.raises(IssuerRefused) as refused:
            desk.answer(unknown)
        assert refused.value.status == 404


def test_events_tell_of_cases(desk):
    """Opened, answered and expired, each about its case."""
    shop = desk.shop(segment=1)
    answered, left = shop.referred(), shop.referred(40_000)
    desk.answer(answered)
    desk.clock.advance(60)
    assert desk.get(f"/v1/cases/{left}")["status"] == "expired"
    for case, last in ((answered, "case.answered"), (left, "case.expired")):
        told = desk.get(f"/v1/events?resource_id={case}")["data"]
        assert [each["type"] for each in told] == [last, "case.opened"]
        assert told[1]["data"]["queue"] == "one_to_one"
        assert told[0]["data"]["id"] == case
