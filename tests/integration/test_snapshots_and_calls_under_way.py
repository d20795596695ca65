"""Calls that were under way when the network was put back: they are carried out on the network that there is then."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from anyio import to_thread

from simulators.simulations.simulations import Simulations
from tests.integration.test_snapshots import network, settings  # noqa: F401 -- fixtures
from tokenvault.cards import cards
from tokenvault.storage import schema

PAYMENTS = "/v1/simulations/authorizations"


class HeldUp:
    """Work of simulated phones that waits for its thread until it is told to go on, as while a network is put back."""

    def __init__(self, monkeypatch):
        self.waits, self.may_go_on = threading.Event(), threading.Event()
        run = Simulations.run

        async def held_up(simulations, work, *arguments, **named):
            if not self.waits.is_set():
                self.waits.set()
                await to_thread.run_sync(self.may_go_on.wait)
            return await run(simulations, work, *arguments, **named)

        monkeypatch.setattr(Simulations, "run", held_up)


@pytest.mark.parametrize("way", ["by one call", "at a terminal"])
def test_a_payment_is_made_with_the_phone_as_it_was_put_back(network, monkeypatch, way):  # noqa: F811
    """Otherwise it would be paid with the phone that was given up, whose transaction counter is ahead: when the phone
    that was put back came to that counter, it was refused as replayed.
    """
    account = network.call("POST", "/v1/accounts", {"currency": "EUR", "credit_limit": 100_000})["id"]
    card = network.call("POST", "/v1/cards", {"account_id": account})["id"]
    phone = network.call("POST", "/v1/simulations/phones", {"card_id": card})
    path, body = PAYMENTS, {"token_id": phone["token_id"], "amount": 100}
    if way == "at a terminal":
        terminal = network.call("POST", "/v1/simulations/terminals", {"kind": "pos"})["id"]
        path, body = f"/v1/simulations/terminals/{terminal}/taps", {"phone_id": phone["id"], "amount": 100}

    network.save()
    for _ in range(3):
        assert network.call("POST", path, body)["reason"] == "approved"
    held = HeldUp(monkeypatch)
    with ThreadPoolExecutor() as threads:
        late = threads.submit(network.call, "POST", path, body)
        assert held.waits.wait(30)
        network.reset()
        held.may_go_on.set()
        assert late.result(30)["reason"] == "approved"
    for _ in range(4):
        assert network.call("POST", path, body)["reason"] == "approved"


def test_a_payment_that_was_given_up_before_its_answer_went_out_is_answered(network, monkeypatch):  # noqa: F811
    """With what the terminal knows of it; the decision itself is unknown."""
    account = network.call("POST", "/v1/accounts", {"currency": "EUR", "credit_limit": 100_000})["id"]
    card = network.call("POST", "/v1/cards", {"account_id": account})["id"]
    token = network.call("POST", "/v1/simulations/phones", {"card_id": card})["token_id"]
    network.save()
    is_paid, may_go_on = threading.Event(), threading.Event()
    explained = Simulations.explained

    async def late(simulations, outcome, explanations):
        is_paid.set()
        await to_thread.run_sync(may_go_on.wait)
        return await explained(simulations, outcome, explanations)

    monkeypatch.setattr(Simulations, "explained", late)
    with ThreadPoolExecutor() as threads:
        paying = threads.submit(network.call, "POST", PAYMENTS, {"token_id": token, "amount": 100})
        assert is_paid.wait(30)
        network.reset()
        may_go_on.set()
        paid = paying.result(30)
    assert (paid["approved"], paid["response_code"], paid["decision"]) == (True, "00", None)
    assert network.http.get(f"/v1/authorizations/{paid['authorization_id']}").status_code == 404


def test_a_payment_that_was_given_up_cannot_be_followed_up(network, monkeypatch):  # noqa: F811
    """Its identifier is unknown, also to a call that was under way."""
    account = network.call("POST", "/v1/accounts", {"currency": "EUR", "credit_limit": 100_000})["id"]
    card = network.call("POST", "/v1/cards", {"account_id": account})["id"]
    token = network.call("POST", "/v1/simulations/phones", {"card_id": card})["token_id"]
    network.save()
    given_up = network.call("POST", PAYMENTS, {"token_id": token, "amount": 100})["authorization_id"]
    held = HeldUp(monkeypatch)
    with ThreadPoolExecutor() as threads:
        late = threads.submit(network.http.post, f"{PAYMENTS}/{given_up}/increase", json={"amount": 100})
        assert held.waits.wait(30)
        network.reset()
        held.may_go_on.set()
        assert late.result(30).status_code == 404


def test_what_a_call_refers_to_may_have_gone_before_its_turn_to_write(network, monkeypatch):  # noqa: F811
    """It is answered as a call that comes later, and so is the next one on its connection."""
    account = network.call("POST", "/v1/accounts", {"currency": "EUR", "credit_limit": 100_000})["id"]
    unused = cards.unused_funding_pan

    def without_the_account(vault, connection):
        connection.execute(sa.delete(schema.accounts))
        return unused(vault, connection)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(cards, "unused_funding_pan", without_the_account)
        answer = network.http.post("/v1/cards", json={"account_id": account})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "went while the call was under way" in answer.json()["detail"]
    network.call("POST", "/v1/cards", {"account_id": account})
