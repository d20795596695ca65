"""Stand-in processing: the network's own limits, the advices it keeps, and the issuer's reconciliation."""

from authz.journal.replay import apply_batch
from authz.kernel.application import name_accounts
from authz.state.stored import rows_in_use
from authz.state.tables import Counter
from authz.vocabulary.commands import CryptogramOutcome, Flag, Kind, Operation
from authz.vocabulary.layouts import joined
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import command, referring, reversal, set_card, tap

LIMITS = {"amount_max": 2_000, "count_max": 3, "total_max": 5_000}


def switched(is_down):
    """The issuer goes away, or comes back."""
    return command(Kind.SWITCH_ISSUER, is_down=int(is_down))


def a_bank():
    """A bank whose issuer is down."""
    bank = Bank(stand_in=LIMITS)
    bank.send(switched(True))
    return bank


def forward(bank):
    """The issuer is back and hears every advice."""
    bank.send(switched(False))
    while bank.state.counters[Counter.FORWARDED_ADVICES] < bank.state.counters[Counter.STORED_ADVICES]:
        place = int(bank.state.counters[Counter.FORWARDED_ADVICES])
        bank.send(bank.state.advices[place : place + 1])


def test_stand_in_decides_by_its_own_limits():
    """At once, how often and together; the account is not asked and nothing is held."""
    bank = a_bank()
    assert bank.send(tap(1, 2_001)) is Reason.DECLINED_BY_STAND_IN
    assert bank.send(tap(2, 2_000)) is Reason.APPROVED
    assert bank.send(tap(3, 2_000)) is Reason.APPROVED
    assert bank.send(tap(4, 1_001)) is Reason.DECLINED_BY_STAND_IN
    assert bank.send(tap(5, 1_000)) is Reason.APPROVED
    assert bank.send(tap(6, 1)) is Reason.DECLINED_BY_STAND_IN
    assert bank.held == 0
    assert bank.send(tap(7, 100, cryptogram_outcome=CryptogramOutcome.INVALID)) is Reason.INVALID_CRYPTOGRAM
    assert bank.send(tap(2, 100, stan=99)) is Reason.REPLAYED_CRYPTOGRAM
    assert bank.send(tap(8, 0, operation=Operation.BALANCE_INQUIRY)) is Reason.ISSUER_UNAVAILABLE


def test_the_issuer_reconciles():
    """Each approval is held, or posted, when its advice comes, over the limit where it must be; each advice once."""
    bank = Bank(stand_in=LIMITS)
    assert bank.send(tap(1, 50_000)) is Reason.APPROVED
    assert bank.send(tap(2, 49_000)) is Reason.APPROVED
    bank.send(switched(True))
    bank.send(tap(3, 2_000))
    bank.send(tap(4, 1_500, kind=Kind.FINANCIAL_REQUEST))
    bank.send(tap(5, 3_000))
    advice = bank.state.advices[0:1].copy()
    forward(bank)
    assert (bank.held, bank.posted) == (101_000, 1_500)
    bank.send(advice)
    assert (bank.held, bank.posted) == (101_000, 1_500)
    assert bank.send(tap(6, 1)) is Reason.INSUFFICIENT_FUNDS


def test_a_repeat_is_answered_from_memory():
    """During the outage and after it; it counts once."""
    bank = a_bank()
    assert bank.send(tap(1, 2_000)) is Reason.APPROVED
    assert bank.send(tap(1, 2_000, flags=Flag.REPEAT)) is Reason.APPROVED
    assert bank.send(tap(1, 2_000)) is Reason.DUPLICATE_TRANSMISSION
    assert bank.state.counters[Counter.STORED_ADVICES] == 1
    forward(bank)
    assert bank.send(tap(1, 2_000, flags=Flag.REPEAT)) is Reason.APPROVED
    assert bank.held == 2_000


def test_what_was_reversed_is_not_held():
    """Reversed during the outage, or after it but before the advice came; in part too."""
    bank = a_bank()
    taps = [tap(n, 1_000) for n in (1, 2, 3)]
    assert [bank.send(each) for each in taps] == [Reason.APPROVED] * 3
    assert bank.send(reversal(taps[0])) is Reason.APPROVED
    bank.send(switched(False))
    assert bank.send(reversal(taps[1])) is Reason.APPROVED
    assert bank.send(reversal(taps[2], remaining=400)) is Reason.APPROVED
    forward(bank)
    assert bank.held == 400


def test_advices_of_others_are_passed_on():
    """A completion that comes during the outage is posted when the issuer is back."""
    bank = Bank(stand_in=LIMITS)
    original = tap(1, 10_000)
    bank.send(original)
    bank.send(switched(True))
    assert bank.send(referring(Kind.FINANCIAL_ADVICE, original, amount_minor=9_000)) is Reason.APPROVED
    assert (bank.held, bank.posted) == (10_000, 0)
    forward(bank)
    assert (bank.held, bank.posted) == (0, 9_000)


def test_a_new_outage_begins_anew():
    """Stand-in's counts are those of one outage, and its advices are numbered from the first again."""
    bank = a_bank()
    for n in (1, 2, 3):
        bank.send(tap(n, 100))
    assert bank.send(tap(4, 100)) is Reason.DECLINED_BY_STAND_IN
    forward(bank)
    bank.send(switched(True))
    assert bank.send(tap(5, 100)) is Reason.APPROVED
    assert bank.state.counters[Counter.STORED_ADVICES] == 1
    forward(bank)
    assert bank.held == 400


def test_a_card_frozen_meanwhile():
    """Stand-in does not know the card's state: it approves, and the issuer has to take it."""
    bank = Bank(stand_in=LIMITS)
    bank.send(set_card(4, state=1))
    assert bank.send(tap(1, 100)) is Reason.CARD_FROZEN
    bank.send(switched(True))
    assert bank.send(tap(2, 100)) is Reason.APPROVED
    forward(bank)
    assert bank.held == 100


def test_an_outage_in_the_middle_of_a_batch():
    """However many are answered in the batch that brings the outage, each is kept, as if they had come one by one."""
    commands = [switched(True), *(tap(n, 10) for n in range(1, 101)), switched(False)]
    together, one_by_one = Bank(stand_in=LIMITS), Bank(stand_in=LIMITS)
    batch = joined(commands)
    name_accounts(together.state, batch)
    together.state, _, _ = apply_batch(together.state, batch)
    for each in commands:
        one_by_one.send(each)
    assert together.state.counters[Counter.STORED_ADVICES] == 100
    assert rows_in_use(together.state) == rows_in_use(one_by_one.state)
