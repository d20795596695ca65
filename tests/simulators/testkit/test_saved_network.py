"""A network that a test kit saves and puts back: its phones and terminals are where they were, too."""

import pytest

from simulators.parties.issuer_client import IssuerRefused
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit


@pytest.fixture(scope="module")
def running():
    """A network of its own."""
    with scratch_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def kit(running):
    """Its test kit, with no phones yet."""
    with TestKit(running.http_url, running.iso_address) as made:
        yield made


def sent_stans(kit):
    """The trace numbers of all messages that were sent, in order."""
    return [int(each.message[11]) for each in kit.trace.messages if each.direction == "sent"]


def test_everything_goes_on_from_where_it_was(kit):
    """Twice the same: the network, the counters of the phone, the numbers of the terminal, the money."""
    account = kit.account(credit_limit=10_000)
    ada, till = kit.phone(kit.card(account), keys="limited_use"), kit.terminal()
    till.pay(ada, 1_000)
    saved = kit.save()
    told = []
    for _ in range(3):
        saved.put_back()
        assert (ada.taps_left, ada.transaction_counter(), kit.balance(account)["held"]) == (9, 1, 1_000)
        reasons = [kit.reason_of(till.pay(ada, amount)) for amount in (2_000, 9_000, 3_000)]
        told.append((reasons, sent_stans(kit), ada.taps_left, ada.transaction_counter(), kit.balance(account)))
    assert told[0][0] == ["approved", "insufficient_funds", "approved"]
    assert told == [told[0]] * 3
    saved.delete()
    with pytest.raises(IssuerRefused, match="there is no snapshot"):
        saved.put_back()
    assert (ada.transaction_counter(), len(sent_stans(kit))) == (4, 3), "nothing was put back"


def test_a_payment_from_before_is_followed_up_each_time(kit):
    """The terminal's receipt is as good as it was."""
    account = kit.account()
    ada, desk = kit.phone(kit.card(account)), kit.terminal("hotel")
    stay = desk.check_in(ada, 30_000)
    saved = kit.save()
    for _ in range(2):
        assert desk.extend(stay, 5_000).approved
        assert desk.check_out(stay, 35_000).approved
        assert kit.balance(account)["posted"] == 35_000
        saved.put_back()
        assert (kit.balance(account)["posted"], kit.balance(account)["held"]) == (0, 30_000)


def test_what_became_of_phones_and_terminals(kit):
    """A phone that was reset to factory settings has its token again; a stored message and a ride are there again."""
    ada, gate = kit.phone(), kit.terminal("transit")
    gate.open(ada)
    ada.is_locked = True
    saved, token = kit.save(), ada.token_id
    gate.settle()
    ada.factory_reset()
    gate.link.is_unplugged = True
    saved.put_back()
    assert (ada.token_id, ada.is_locked, len(gate.rides)) == (token, True, 1)
    assert [receipt.approved for receipt in gate.settle()] == [True]


def test_the_clock_goes_back(kit):
    """And the test kit's follows it; a hold that had expired is held again."""
    account = kit.account()
    ada = kit.phone(kit.card(account))
    kit.terminal().pay(ada, 1_000)
    kit.clock.freeze()
    saved, moment = kit.save(), kit.clock()
    kit.clock.advance(30 * 86_400)
    assert kit.balance(account)["held"] == 0
    saved.put_back()
    assert kit.clock() == moment
    assert kit.balance(account)["held"] == 1_000
    kit.clock.run()


def test_what_came_later_is_closed_and_forgotten(kit):
    """So a session of many tests keeps no connections; what the network had of it is gone as well."""
    ada, till = kit.phone(), kit.terminal()
    saved = kit.save("prepared")
    bob, shop = kit.phone(), kit.terminal()
    shop.pay(bob, 100)
    assert kit.trace.messages
    saved.put_back()
    assert (kit.own_phones, kit.own_terminals, kit.trace.messages) == ([ada], [till], [])
    assert bob._http.is_closed
    assert shop.link._socket is None
    assert till.pay(ada, 100).approved
    shop.pay(bob, 100)
    assert kit.trace.messages[-1].message[39] != "00", "its token is not known any more"
    shop.close()
