"""The switch: several acquirers, several issuers, detokenization and stand-in."""

from dataclasses import replace

import pytest
import structlog.testing

from simulators.network.detokenization import VaultDetokenization
from simulators.network.issuer_host import IssuerHost
from simulators.network.switch import HostUpstream, Route, Switch, TcpUpstream
from simulators.parties import sandbox_constants
from simulators.terminals.terminal import Capability, Merchant, Terminal

FOREIGN_PAN = "4999990000000019"


@pytest.fixture
def foreign():
    """Another bank."""
    return IssuerHost("elsewhere", {FOREIGN_PAN: 10_000})


def message_for(terminal, pan, amount, message_type="0100"):
    """A keyed purchase with somebody else's card."""
    return terminal.messages.plain(message_type, amount, "EUR") | {2: pan, 14: "2912", 22: "012"}


@pytest.fixture
def phone(issuer, new_phone):
    """A phone on an account of its own."""
    account = issuer.open_account("EUR", 100_000)["id"]
    phone = new_phone()
    phone.card = issuer.issue_card(account)
    phone.provision(phone.card["id"])
    phone.account = account
    return phone


def test_routing(sandbox, issuer, phone, foreign, clock):
    """By the longest prefix; who is not known, is told so."""
    upstream = HostUpstream(foreign.answer)
    routes = [
        Route(sandbox_constants.TOKEN_BIN, TcpUpstream(sandbox.iso_address)),
        Route("4", upstream),
        Route("49", upstream),
    ]
    with Switch(routes, acquirers=frozenset({Merchant().acquirer, "99900000003"})) as switch:
        first = Terminal(switch.address, clock=clock)
        second = Terminal(switch.address, clock=clock, merchant=replace(Merchant(), acquirer="99900000003"))
        stranger = Terminal(switch.address, clock=clock, merchant=replace(Merchant(), acquirer="666"))
        assert first.pay(phone, 1_250).approved
        paid = first.send(message_for(first, FOREIGN_PAN, 4_000))
        assert paid.approved
        assert second.send(message_for(second, FOREIGN_PAN, 7_000)).response_code == "51"
        assert first.reverse(paid).approved
        assert first.reverse(paid).approved
        assert second.send(message_for(second, "3700000000000000", 1)).response_code == "15"
        assert stranger.pay(phone, 1).response_code == "31"
        assert first.echo()[39] == "00"
        assert switch.routed == {sandbox_constants.TOKEN_BIN: 1, "49": 4}
        for terminal in (first, second, stranger):
            terminal.close()
    assert issuer.balance(phone.account)["held"] == 1_250
    assert foreign.available == {FOREIGN_PAN: 10_000}


def test_detokenization(sandbox, phone, clock):
    """An issuer that knows no tokens gets its own card's number, after the cryptogram was verified; once."""
    with Switch([]) as switch:
        vault = VaultDetokenization(sandbox.http_url)
        transaction = (terminal := Terminal(switch.address, clock=clock)).start(1_250)
        tap = phone.tap(transaction.values)
        bank = IssuerHost("own bank", {})
        switch.routes = [Route(sandbox_constants.TOKEN_BIN, HostUpstream(bank.answer), detokenize=vault)]
        assert terminal.authorize(transaction, tap).response_code == "14"  # an unknown card, by its own number
        bank.available[revealed(sandbox, phone)] = 5_000
        paid = terminal.pay(phone, 2_000)
        assert paid.approved
        assert list(bank.available.values()) == [3_000]
        assert terminal.authorize(transaction, tap).response_code == "88"
        assert terminal.reverse(paid).approved
        assert list(bank.available.values()) == [5_000]
        terminal.close()


def revealed(sandbox, phone):
    """The funding PAN behind a phone's token, as a network may learn it."""
    import httpx

    headers = {"Authorization": f"Bearer {sandbox_constants.NETWORK_API_KEY}"}
    pan = phone._secure_element.credentials(phone.token_id)["token_pan"]
    answer = httpx.post(
        f"{sandbox.http_url}/v1/network/detokenize", json={"token_pan": pan}, headers=headers, trust_env=False
    )
    return answer.json()["funding_pan"]


def test_stand_in(foreign, clock):
    """While the issuer is away: small amounts are approved, and it hears of them first when it is back."""
    upstream = HostUpstream(foreign.answer)
    with Switch([Route("4", upstream, stand_in_minor=5_000)]) as switch:
        terminal = Terminal(switch.address, clock=clock, capability=Capability(timeout_seconds=2))
        upstream.is_reachable = False
        approved = terminal.send(message_for(terminal, FOREIGN_PAN, 5_000))
        assert approved.approved
        assert terminal.send(message_for(terminal, FOREIGN_PAN, 5_001)).response_code == "91"
        taken_back = terminal.send(message_for(terminal, FOREIGN_PAN, 100))
        assert terminal.reverse(taken_back).approved
        assert switch.forward() == 3
        upstream.is_reachable = True
        assert terminal.send(message_for(terminal, FOREIGN_PAN, 1_000)).approved
        assert switch.forward() == 0
        terminal.close()
    assert foreign.available == {FOREIGN_PAN: 4_000}
    assert [heard[0] for heard in foreign.heard] == ["0120", "0120", "0400", "0100"]


def test_an_answer_that_comes_too_late_is_taken_back(sandbox, issuer, phone, clock):
    """The issuer approves after the switch gave up: the switch reverses, and nothing stays held."""
    from simulators.network.faulty_link import Faults, FaultyLink

    with FaultyLink(sandbox.iso_address, to_terminal=Faults(latency=0.3)) as slow:
        route = Route(sandbox_constants.TOKEN_BIN, TcpUpstream(slow.address, seconds=0.1))
        with Switch([route]) as switch:
            terminal = Terminal(switch.address, clock=clock)
            assert terminal.pay(phone, 1_250).response_code == "91"
            route.issuer = TcpUpstream(sandbox.iso_address)
            assert switch.forward() == 0
            terminal.close()
    assert issuer.balance(phone.account)["held"] == 0


def test_what_cannot_be_routed_is_answered(foreign, clock, monkeypatch):
    """Malformed with DE 44, another version with 40, a fault of ours with 96; answers never."""
    with Switch([Route("49", HostUpstream(foreign.answer))]) as switch:
        terminal = Terminal(switch.address, clock=clock)
        good = message_for(terminal, FOREIGN_PAN, 100)
        lacking = {number: value for number, value in good.items() if number != 4}
        for message, answered in (
            ({**good, 7: "1325120000"}, ("0110", "30", "007 impossible_date")),
            (lacking, ("0110", "30", "004 missing")),
            ({**good, 0: "1100"}, ("1110", "40", None)),
            ({**good, 0: "1100", 7: "9999999999"}, ("1110", "40", None)),
        ):
            answer = terminal.link.exchange(message)
            assert (answer[0], answer[39], answer.get(44)) == answered
        terminal.link.send({**good, 0: "0110"})
        monkeypatch.setattr("simulators.network.switch._for_issuer", lambda *_: 1 / 0)
        with structlog.testing.capture_logs() as logs:
            assert terminal.link.exchange(good)[39] == "96"
        assert [entry["event"] for entry in logs] == ["message_not_routed"]
        terminal.close()
