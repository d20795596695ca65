"""Money: random lives of cards, audited after every message by a ledger of another shape."""

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from authz.journal.replay import apply_batch
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument
from authz.state.stored import rows_in_use, stored_arrays, with_stored_arrays
from authz.state.tables import Counter, new_state, postings_made
from authz.vocabulary.commands import NO_LIMIT, CryptogramOutcome, Flag, Kind, Operation
from authz.vocabulary.layouts import joined
from authz.vocabulary.posting_kinds import POSTING, posting_kind
from authz.vocabulary.reasons import Reason
from authz.vocabulary.states import CardState, TokenState
from tests.authz.commands import command, opening, referring, set_account, set_card, set_token, tap
from tests.authz.ledger import Ledger, PlainAccount, PlainToken

TOLERANCE_PERCENT = 20
PROGRAM = compiled_program(
    ProgramDocument.model_validate(
        {"categories": [{"first": "5814", "last": "5814", "group": "food", "tolerance_percent": TOLERANCE_PERCENT}]}
    ),
    version=1,
)
_PANS = st.sampled_from([700, 700, 701, 702])
_AMOUNTS = st.sampled_from([0, 1, 1_250, 4_000, 5_000, 5_001, 12_000, 50_000, 50_001])
_STATES = {"active": TokenState.ACTIVE, "suspended": TokenState.SUSPENDED, "inactive": TokenState.INACTIVE}
_CLASSES = {
    1: (Kind.AUTHORIZATION_REQUEST, Kind.AUTHORIZATION_ADVICE),
    2: (Kind.FINANCIAL_REQUEST, Kind.FINANCIAL_ADVICE),
}
_SELDOM = st.sampled_from([False] * 7 + [True])


def named(message):
    """What names a message: class, STAN and token."""
    return int(message["kind"][0]) // 2 - 4, int(message["stan"][0]), int(message["token_pan"][0])


class MoneyAgreesWithLedger(RuleBasedStateMachine):
    """Three tokens on two accounts: kernel and ledger must never differ."""

    def __init__(self):
        super().__init__()
        first, second = PlainAccount(100_000, 50_000), PlainAccount(5_000, None)
        self.accounts = [first, second]
        self.ledger = Ledger(2611, TOLERANCE_PERCENT)
        self.ledger.tokens = {700: PlainToken(first, {1}, 2912), 702: PlainToken(second, {1, 4}, 2912)}
        self.notices, self.stan = 6, 0
        batches = [
            opening(),
            set_account(4, 8, limit_minor=5_000, transaction_limit_minor=NO_LIMIT),
            set_card(5, 80, 8),
            set_token(6, 702, 80, 8, channels=0b10010),
        ]
        self.applied, self.postings = [joined(batches)], []
        self.state = apply_batch(new_state(16)._replace(program=PROGRAM), self.applied[0])[0]
        self.sent = []

    def _apply(self, command):
        self.applied.append(command.copy())
        self.state, results, _ = apply_batch(self.state, command)
        self.postings.append(postings_made(self.state))
        return Reason(results[0]["reason"]).code

    def _next_stan(self, again):
        if not again or not self.stan:
            self.stan += 1
        return self.stan

    def _described(self, command, **more):
        flags = int(command["flags"][0])
        return {
            "name": named(command),
            "pan": int(command["token_pan"][0]),
            "amount": int(command["amount_minor"][0]),
            "operation": Operation(command["operation"][0]).name.lower(),
            "repeat": bool(flags & Flag.REPEAT),
            "takes_part": bool(flags & Flag.PARTIAL_APPROVAL),
            "more_follows": bool(flags & Flag.MORE_FOLLOWS),
            "declined": bool(flags & Flag.DECLINED_ELSEWHERE),
            "signed_for_remote": bool(flags & Flag.SIGNED_FOR_REMOTE),
            **more,
        }

    @rule(
        pan=_PANS,
        step=st.sampled_from([1, 1, 1, 1, 2, 0, -1, 90, 1_000, 1_001]),
        amount=_AMOUNTS,
        kind=st.sampled_from([Kind.AUTHORIZATION_REQUEST] * 3 + [Kind.FINANCIAL_REQUEST]),
        channel=st.sampled_from([1, 1, 1, 1, 4]),
        switched=_SELDOM,
        cryptogram=st.sampled_from(["valid"] * 8 + ["invalid", "absent"]),
        again=_SELDOM,
        lie=_SELDOM,
        takes_part=_SELDOM,
    )
    def taps_come(self, pan, step, amount, kind, channel, switched, cryptogram, again, lie, takes_part):
        """A purchase or a verification, honest or not."""
        token = self.ledger.tokens.get(pan)
        atc = max(0, max(token.used, default=0) + step) if token else 1
        made = tap(
            atc,
            amount,
            pan,
            kind=kind,
            signed_amount_minor=amount + lie,
            channel=channel,
            cryptogram_outcome=CryptogramOutcome[cryptogram.upper()],
            stan=self._next_stan(again),
            flags=(Flag.PARTIAL_APPROVAL if takes_part else 0)
            | (Flag.SIGNED_FOR_REMOTE if switched != (channel == 4) else 0),
        )
        self.sent.append(made)
        more = {"atc": atc, "channel": channel, "cryptogram": cryptogram, "signed_amount": amount + lie}
        assert self._apply(made) == self.ledger.request(self._described(made, **more))

    def _earlier(self, which):
        return self.sent[-1 - which % len(self.sent)]

    @rule(which=st.integers(0, 12))
    def messages_come_again(self, which):
        """A request is sent once more, marked as a repeat: it is answered from memory."""
        if not self.sent:
            return
        made = self._earlier(which).copy()
        made["flags"] = int(made["flags"][0]) | Flag.REPEAT
        before = self._apply_quietly(made)
        assert before == self._balances()

    def _apply_quietly(self, made):
        before = self._balances()
        more = {
            "atc": int(made["atc"][0]),
            "channel": int(made["channel"][0]),
            "cryptogram": CryptogramOutcome(made["cryptogram_outcome"][0]).name.lower(),
            "signed_amount": int(made["signed_amount_minor"][0]),
            "original": self._original_of(made),
        }
        is_request = made["kind"][0] in (Kind.AUTHORIZATION_REQUEST, Kind.FINANCIAL_REQUEST)
        answer = self.ledger.request if is_request else self.ledger.advice
        known = self.ledger.answers.get(named(made))
        expected = answer(self._described(made, **more))
        assert self._apply(made) == expected
        # What was never entered, because its card was not proven, is decided anew and may change balances.
        return before if known is not None else self._balances()

    def _original_of(self, made):
        if not int(made["flags"][0]) & Flag.HAS_ORIGINAL:
            return None
        return int(made["original_type"][0]) // 100, int(made["original_stan"][0]), int(made["token_pan"][0])

    @rule(
        which=st.integers(0, 12),
        amount=_AMOUNTS,
        operation=st.sampled_from([Operation.PURCHASE, Operation.PURCHASE, Operation.REFUND]),
        message_class=st.sampled_from([1, 2, 2]),
        more_follows=_SELDOM,
    )
    def referring_requests_come(self, which, amount, operation, message_class, more_follows):
        """An increment, a completion or a refund of some earlier message."""
        if not self.sent:
            return
        flags = Flag.HAS_ORIGINAL | (Flag.MORE_FOLLOWS if more_follows else 0)
        kind = _CLASSES[message_class][0]
        original = self._earlier(which)
        if original["kind"][0] in (Kind.REVERSAL_REQUEST, Kind.REVERSAL_ADVICE):
            return
        made = referring(
            kind, original, amount_minor=amount, operation=operation, flags=flags, stan=self._next_stan(again=False)
        )
        self.sent.append(made)
        assert self._apply(made) == self.ledger.request(self._described(made, original=self._original_of(made)))

    @rule(
        which=st.integers(0, 12),
        amount=_AMOUNTS,
        message_class=st.sampled_from([1, 2]),
        refers=st.booleans(),
        declined=_SELDOM,
        again=_SELDOM,
        pan=_PANS,
        more_follows=_SELDOM,
    )
    def advices_come(self, which, amount, message_class, refers, declined, again, pan, more_follows):
        """An authorization or a posting that was decided elsewhere."""
        flags = (Flag.DECLINED_ELSEWHERE if declined else 0) | (Flag.MORE_FOLLOWS if more_follows else 0)
        kind = _CLASSES[message_class][1]
        if refers and self.sent:
            original = self._earlier(which)
            flags |= Flag.HAS_ORIGINAL
            made = referring(kind, original, amount_minor=amount, flags=flags, stan=self._next_stan(again=False))
        else:
            # An authorization that was sent before is told again; a financial advice completes nothing by accident.
            tells_again = again and message_class == 1
            stan = self._next_stan(tells_again) + (0 if tells_again else 100_000 * message_class)
            made = tap(1, amount, pan, kind=kind, flags=flags, stan=stan)
        self.sent.append(made)
        assert self._apply(made) == self.ledger.advice(self._described(made, original=self._original_of(made)))

    @rule(which=st.integers(0, 12), remaining=st.none() | _AMOUNTS, wrong=_SELDOM, early=_SELDOM, again=_SELDOM)
    def reversals_come(self, which, remaining, wrong, early, again):
        """A reversal of some earlier message, or of the next one, whole or in part, sent once or twice."""
        if not self.sent:
            return
        original = self._earlier(which).copy()
        if early:
            original["stan"] = self.stan + 1
        stan = original["stan"] if again else original["stan"] + 500_000 + len(self.sent)
        values = {"stan": stan, "amount_minor": original["amount_minor"] + wrong}
        if remaining is not None:
            values |= {"replacement_minor": remaining, "flags": Flag.HAS_ORIGINAL | Flag.HAS_REPLACEMENT}
        made = referring(Kind.REVERSAL_REQUEST, original, **values)
        description = {
            "name": (4, int(made["stan"][0]), int(made["token_pan"][0])),
            "pan": int(made["token_pan"][0]),
            "amount": int(made["amount_minor"][0]),
            "original": self._original_of(made),
            "remaining": remaining,
        }
        assert self._apply(made) == self.ledger.reverse(description)

    @rule(which=st.integers(0, 12), amount=st.sampled_from([0, 1, 600, 5_000]), again=st.booleans())
    def disputes_come(self, which, amount, again):
        """A chargeback of what some earlier message has charged, or a representment of what was charged back."""
        if not self.sent:
            return
        made = self._earlier(which)
        name, pan = named(made), int(made["token_pan"][0])
        if pan not in self.ledger.tokens:
            return
        kind = Kind.REPRESENTMENT if again else Kind.CHARGEBACK
        account = 7 if self.ledger.tokens[pan].account is self.accounts[0] else 8
        disputed = command(kind, account_id=account, decision=self._sequence_of(name), amount_minor=amount)
        description = {"pan": pan, "original": name, "amount": amount, "again": again}
        assert self._apply(disputed) == self.ledger.dispute(description)

    def _sequence_of(self, name):
        """The decision on the first message of a name that left a row; 0 where none did."""
        rows = self.state.transactions[: int(self.state.counters[Counter.TRANSACTIONS])]
        pans = self.state.tokens["token_pan"][rows["token_row"]]
        of_name = (rows["message_class"] == name[0]) & (rows["stan"] == name[1]) & (pans == name[2])
        found = rows["sequence"][of_name]
        return int(found[0]) if len(found) else 0

    @rule(name=st.sampled_from([*["active"] * 3, "suspended", "inactive"]), frozen=_SELDOM)
    def things_change(self, name, frozen):
        """The vault suspends, resumes or resets a token; the issuer freezes or unfreezes a card."""
        self.notices += 2
        self._apply(set_token(self.notices - 1, state=_STATES[name]))
        self._apply(set_card(self.notices, state=CardState.FROZEN if frozen else CardState.ACTIVE))
        self.ledger.tokens[700].state, self.ledger.tokens[700].card_frozen = name, frozen

    def _balances(self):
        names = ["posted_minor", "held_minor"]
        return [tuple(int(self.state.accounts[row][name]) for name in names) for row in range(2)]

    @invariant()
    def balances_agree(self):
        """What is owed and held is the ledger's; the rows' postings and holds sum up to the balances."""
        assert self._balances() == [(account.owed, account.held) for account in self.accounts]
        assert (self.state.accounts["posted_minor"] >= 0).all(), "more was given back than was ever paid"
        rows = self.state.transactions[: int(self.state.counters[Counter.TRANSACTIONS])]
        for row in range(2):
            own = rows[rows["account_row"] == row]
            assert own["posted_minor"].sum() == self.state.accounts[row]["posted_minor"]
            assert own["held_minor"].sum() == self.state.accounts[row]["held_minor"]
            assert (own["held_minor"] >= 0).all()

    @invariant()
    def postings_agree(self):
        """Kinds and amounts are the ledger's, a kind has its sign, and postings sum up to the account's balance."""
        made = np.concatenate([np.zeros(0, POSTING), *self.postings])
        for account, number in zip(self.accounts, (7, 8), strict=True):
            own = made[made["account_id"] == number]
            told = [(posting_kind(int(each["kind"])), int(each["amount_minor"])) for each in own]
            assert [(kind.code, amount) for kind, amount in told] == account.entries
            assert all(kind.sign.allows(amount) for kind, amount in told)
            assert own["posted_minor"].tolist() == np.cumsum(own["amount_minor"]).tolist()
        assert len(np.unique(made[["sequence", "part"]])) == len(made)

    def teardown(self):
        """Replayed in two batches, with a checkpoint between them, the same commands make the same postings."""
        commands = joined(self.applied)
        half = max(len(self.applied[0]), len(commands) // 2)
        state = apply_batch(new_state(16)._replace(program=PROGRAM), commands[:half])[0]
        made = [postings_made(state)]
        stored = {name: array.copy() for name, array in stored_arrays(state).items()}
        state = apply_batch(with_stored_arrays(stored, PROGRAM), commands[half:])[0]
        made.append(postings_made(state))
        assert np.concatenate(made).tolist() == np.concatenate([np.zeros(0, POSTING), *self.postings]).tolist()
        assert rows_in_use(state) == rows_in_use(self.state)


TestMoneyAgreesWithLedger = MoneyAgreesWithLedger.TestCase
TestMoneyAgreesWithLedger.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


def test_a_repeat_with_another_operation_is_a_duplicate():
    """A purchase that takes the STAN of a refund, and comes again: neither is answered with the refund's answer."""
    state = MoneyAgreesWithLedger()
    advice = {"refers": False, "declined": False, "again": False, "pan": 700, "more_follows": False}
    state.advices_come(which=0, amount=0, message_class=1, **advice)
    state.referring_requests_come(0, amount=12_000, operation=Operation.REFUND, message_class=2, more_follows=False)
    tap_again = {"pan": 700, "step": 1, "amount": 12_000, "kind": Kind.FINANCIAL_REQUEST, "channel": 1, "again": True}
    state.taps_come(**tap_again, switched=False, cryptogram="valid", lie=False, takes_part=False)
    state.messages_come_again(which=0)
    state.teardown()


@pytest.mark.slow
class TestMoneyAgreesWithLedgerLonger(MoneyAgreesWithLedger.TestCase):
    """The same, many times."""

    settings = settings(max_examples=1_000, stateful_step_count=40, deadline=None)
