"""Lines that misbehave: whatever they do, no money is lost or taken twice."""

import pytest

from simulators.network.faulty_link import Faults, FaultyLink
from simulators.terminals.iso_link import LineDown, LinkError
from simulators.terminals.terminal import Capability, Terminal

PATIENCE = 0.25


def rushed(link, clock, **more):
    """A terminal that waits a quarter of a second."""
    return Terminal(link.address, clock=clock, capability=Capability(timeout_seconds=PATIENCE, **more))


@pytest.fixture
def phone(issuer, new_phone):
    """A phone on an account of its own."""
    account = issuer.open_account("EUR", 1_000_000)["id"]
    phone = new_phone()
    phone.provision(issuer.issue_card(account)["id"])
    phone.account = account
    return phone


FAULTS = {
    "loss on the way there": (Faults(loss=0.3), Faults()),
    "loss on the way back": (Faults(), Faults(loss=0.3)),
    "everything twice": (Faults(duplicate=1.0), Faults(duplicate=1.0)),
    "late": (Faults(latency=0.01, jitter=0.03), Faults(latency=0.01, jitter=0.03)),
    "mixed up": (Faults(reorder=0.5, jitter=0.01), Faults(reorder=0.5, jitter=0.01)),
    "half open": (Faults(), Faults(half_open_after=3)),
    "a slow reader": (Faults(bytes_per_second=20_000), Faults(bytes_per_second=20_000)),
    "all at once": (
        Faults(latency=0.002, jitter=0.02, loss=0.1, duplicate=0.1, reorder=0.1, half_open_after=12),
        Faults(latency=0.002, jitter=0.02, loss=0.1, duplicate=0.1, reorder=0.1, half_open_after=12),
    ),
}


def settle(terminal):
    """Get rid of what is stored; the line loses less than everything."""
    for _ in range(200):
        try:
            if terminal.forward() == 0:
                return
        except LinkError:
            terminal.stored[0] = terminal.messages.repeated(terminal.stored[0])
    pytest.fail("the network never heard of what is stored")


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_what_the_receipts_say_is_what_is_held(sandbox, issuer, phone, clock, name, seed):
    """Payments, completions and reversals over a bad line: balances are the sum of the receipts."""
    to_network, to_terminal = FAULTS[name]
    with FaultyLink(sandbox.iso_address, to_network, to_terminal, seed=seed) as link:
        terminal = rushed(link, clock)
        held = posted = 0
        for number in range(14):
            receipt = pay(terminal, phone, 1_000 + number)
            if receipt is None or not receipt.approved:
                continue
            match number % 3:
                case 0:
                    held += receipt.amount_minor
                case 1:
                    terminal.stored.append(terminal.messages.completion(receipt.request, receipt.amount_minor))
                    posted += receipt.amount_minor
                case 2:
                    terminal.stored.append(terminal.messages.reversal(receipt.request))
        settle(terminal)
        terminal.close()
        if name in ("loss on the way there", "loss on the way back"):
            assert link.happened["lost"]
    balance = issuer.balance(phone.account)
    assert (balance["held"], balance["posted"]) == (held, posted)
    assert balance["available"] == balance["credit_limit"] - held - posted


def pay(terminal, phone, amount):
    """One payment; None where the line was down, and nothing was sent."""
    try:
        return terminal.pay(phone, amount)
    except LineDown:
        return None


def test_a_lost_answer_is_taken_back(sandbox, issuer, phone, clock):
    """The network approved and nobody heard: the terminal reverses by itself, and the customer is not charged."""
    with FaultyLink(sandbox.iso_address, to_terminal=Faults(loss=1.0)) as link:
        terminal = rushed(link, clock)
        receipt = terminal.pay(phone, 1_250)
        assert (receipt.response_code, receipt.approved) == ("Z3", False)
        assert "NO ANSWER - NOT CHARGED" in receipt.text()
        assert [message[0] for message in terminal.stored] == ["0421"]
        terminal.close()
    terminal.link.address = sandbox.iso_address
    assert terminal.forward() == 0
    terminal.close()
    assert issuer.balance(phone.account)["held"] == 0


def test_offline_up_to_the_floor_limit(sandbox, issuer, phone, clock):
    """While the line is down small amounts are approved and stored; larger ones are not; the advices arrive later."""
    with FaultyLink(sandbox.iso_address) as link:
        terminal = rushed(link, clock, floor_limit_minor=2_000)
        terminal.link.address = ("127.0.0.1", 1)
        small = terminal.pay(phone, 1_500)
        assert (small.response_code, small.approved) == ("Y3", True)
        with pytest.raises(LineDown):
            terminal.pay(phone, 2_001)
        terminal.link.address = link.address
        assert terminal.pay(phone, 700).approved
        terminal.close()
    balance = issuer.balance(phone.account)
    assert (balance["posted"], balance["held"]) == (1_500, 700)


def test_the_same_seed_brings_the_same_faults(sandbox, clock):
    """What happens to each message depends on the seed."""

    def happened(seed):
        with FaultyLink(sandbox.iso_address, Faults(duplicate=0.5), seed=seed) as link:
            terminal = Terminal(link.address, clock=clock)
            for _ in range(8):
                terminal.echo()
            terminal.close()
        return link.happened["doubled"]

    assert happened(5) == happened(5)
    assert len({happened(seed) for seed in range(6)}) > 1
