"""Captured messages must not use up a cardholder's PIN tries, and a try is counted once, whatever dies meanwhile."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from authz.network.processor import PaymentProcessor
from simulators.parties.issuer_client import Issuer
from simulators.sandbox.wiring import running_sandbox
from simulators.terminals.iso_link import IsoLink
from simulators.terminals.kinds.cash_machine import CashMachine
from simulators.wallet.phone import Phone
from tests.conftest import settings_for

PIN, WRONG = "4711", "0000"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The settings of a network that is started anew."""
    return settings_for(tmp_path_factory.mktemp("tries") / "data")


class Scene:
    """A network, a phone whose card has a PIN, and a machine that keeps what it has sent."""

    def __init__(self, sandbox):
        self.issuer = Issuer(sandbox.http_url)
        account = self.issuer.open_account("EUR", 1_000_000)
        self.card_id = self.issuer.issue_card(account["id"])["id"]
        self.issuer.set_pin(self.card_id, PIN)
        self.phone = Phone(sandbox.http_url)
        self.phone.provision(self.card_id)
        self.machine = CashMachine(sandbox.iso_address)

    def moved_to(self, sandbox):
        """The same after a restart."""
        self.close()
        self.issuer, self.machine = Issuer(sandbox.http_url), CashMachine(sandbox.iso_address)

    def close(self):
        """Hang up everywhere."""
        for each in (self.issuer, self.machine, self.phone):
            each.close()

    def reason(self, message):
        """Why a message was declined."""
        answer = self.machine.link.exchange(message)
        return self.issuer.authorization(answer[62])["reason"]

    def tap(self, pin, message_type="0200"):
        """A message of a fresh tap with a PIN, not sent."""
        transaction = self.machine.start(1_000, "EUR", "01")
        answer = self.machine.read(self.phone, transaction)
        request = self.machine.authorization_request(transaction, answer, message_type=message_type)
        return request | self.machine._pin_fields(pin, answer.track2.pan, request.get(48, ""))

    def with_another_pin(self, message):
        """A captured message with a wrong PIN block and another DE 11."""
        pan = message[35][:16]
        stan = f"{(int(message[11]) + 1) % 1_000_000:06d}"
        captured = {number: value for number, value in message.items() if number not in (48, 52)}
        return captured | {11: stan} | self.machine._pin_fields(WRONG, pan, "")

    def tries_left(self):
        """How many tries the card has, found out by using them up."""
        for used in range(5):
            if self.reason(self.tap(WRONG)) == "pin_tries_exceeded":
                return used
        return None


@pytest.fixture
def scene(data):
    """On a network of one's own."""
    with running_sandbox(data) as sandbox:
        made = Scene(sandbox)
        yield made
        made.close()


def test_a_captured_message_uses_up_no_try(scene):
    """Sent again and again under new trace numbers with wrong PIN blocks, it is a replay and nothing else."""
    message = scene.tap(PIN)
    assert scene.reason(message) == "approved"
    for _attack in range(4):
        message = scene.with_another_pin(message)
        assert scene.reason(message) == "replayed_cryptogram"
    assert scene.tries_left() == 3


def test_a_tap_that_was_paid_without_a_pin_uses_up_no_try(scene):
    """A counter that any payment has spent is spent for PINs too."""
    receipt = scene.machine.pay(scene.phone, 500)
    assert receipt.approved
    message = receipt.request
    for _attack in range(4):
        message = scene.with_another_pin(message)
        assert scene.reason(message) == "replayed_cryptogram"
    assert scene.tries_left() == 3


def test_copies_at_once_are_one_try(scene):
    """Copies of one message in one turn, each with a wrong PIN block of its own, have one try between them."""
    copies = [scene.tap(WRONG)]
    for _copy in range(3):
        copies.append(scene.with_another_pin(copies[-1]))
    links = [IsoLink(scene.machine.address) for _copy in copies]
    with ThreadPoolExecutor(len(copies)) as threads:
        answers = list(threads.map(lambda link, copy: link.exchange(copy), links, copies))
    for link in links:
        link.close()
    assert {answer[39] for answer in answers} <= {"55", "63"}
    assert scene.tries_left() == 2


def test_a_message_that_was_changed_uses_up_no_try(scene):
    """A right cryptogram over another amount, or in an advice, proves no request."""
    message = scene.tap(WRONG)
    for change in ({4: "000000002000"}, {0: "0220", 39: "00"}):
        scene.machine.link.exchange(scene.with_another_pin(message) | change)
    assert scene.tries_left() == 3


def test_a_marked_repeat_costs_no_second_try(scene):
    """0201 of a wrong PIN is answered from memory."""
    message = scene.tap(WRONG)
    assert [scene.reason(message), scene.reason(message | {0: "0201"})] == ["pin_mismatch"] * 2
    assert scene.tries_left() == 2


@pytest.mark.parametrize("pin", [PIN, WRONG])
def test_what_came_of_a_try_outlives_the_network(data, monkeypatch, pin):
    """Killed after the vault has counted and before the decision is in the journal: the message has had its try."""
    with running_sandbox(data) as sandbox:
        scene = Scene(sandbox)
        message = scene.tap(pin)
        with monkeypatch.context() as patch:
            decided = []
            patch.setattr(PaymentProcessor, "_decide", lambda *arguments: decided.append(arguments))
            scene.machine.link.send(message)
            while not decided:
                scene.issuer.call("GET", f"/v1/cards/{scene.card_id}")
    with running_sandbox(data) as sandbox:
        scene.moved_to(sandbox)
        another = scene.with_another_pin(message)
        assert scene.reason(another) == "pin_mismatch"
        assert scene.tries_left() == (3 if pin == PIN else 2)
        scene.close()


def test_a_repeat_after_a_kill_gets_what_came_of_its_try(data, monkeypatch):
    """The same message, told again to the network that was started anew, is decided by the outcome that was kept."""
    with running_sandbox(data) as sandbox:
        scene = Scene(sandbox)
        right, wrong = scene.tap(PIN), scene.tap(WRONG)
        with monkeypatch.context() as patch:
            decided = []
            patch.setattr(PaymentProcessor, "_decide", lambda *arguments: decided.append(arguments))
            for count, message in enumerate((right, wrong), 1):
                scene.machine.link.send(message)
                while len(decided) < count:
                    scene.issuer.call("GET", f"/v1/cards/{scene.card_id}")
    with running_sandbox(data) as sandbox:
        scene.moved_to(sandbox)
        assert scene.reason(right | {0: "0201"}) == "approved"
        assert scene.reason(wrong | {0: "0201"}) == "pin_mismatch"
        assert scene.tries_left() == 2
        scene.close()
