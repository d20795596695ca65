"""Every enum from end to end: each member is handled, and what is none of them is refused and changes nothing."""

import asyncio
from typing import get_args

import pytest
from pydantic import ValidationError

from authz.engine import Engine
from authz.history.check_wording import _SIGNED_FOR
from authz.history.explanation import _DECIDERS
from authz.iso8583.messages.reading import channel_of, kind_of
from authz.journal.records import Batch
from authz.journal.replay import History, apply_batch, replayed
from authz.kernel.accounts.trace_index import class_of
from authz.kernel.measures.calendar import DAY_US, period_start
from authz.kernel.measures.meters import window_start
from authz.kernel.notices import take_notice
from authz.kernel.undefined_values import Field, first_undefined, undefined_value
from authz.program.compilation import _REASON_OF, compiled_program
from authz.program.conditions import ScopeName
from authz.program.document import AppliesTo, ProgramDocument, Rule
from authz.program.periods import PERIODS, Period, new_today
from authz.program.tables import Action, Outcome, Scope
from authz.state.stored import rows_in_use
from authz.state.tables import Counter, new_state
from authz.state.transaction_flags import MessageClass
from authz.vocabulary.commands import (
    COMMAND,
    MESSAGES,
    CardholderVerification,
    Channel,
    CryptogramOutcome,
    Decider,
    Flag,
    ForcedScope,
    Kind,
    Operation,
    SegmentIs,
)
from authz.vocabulary.errors import JournalFromElsewhere, UndefinedValue
from authz.vocabulary.layouts import ANY_SEGMENT, LAYOUT_OF, joined
from authz.vocabulary.posting_kinds import WAIVABLE, PostingKind
from authz.vocabulary.reasons import DECLINES, Reason
from authz.vocabulary.states import CardState, TokenState
from tests.authz.bank import Bank
from tests.authz.commands import NOW_US, command, opening, referring, reversal, set_account, set_card, set_token, tap

PAID = tap(1)
LATER_US = NOW_US + 30 * DAY_US
NO_KIND = 99
"""No kind of command has this number."""
_NOTICES = {
    Kind.SET_ACCOUNT: set_account(9, limit_minor=1),
    Kind.SET_CARD: set_card(9, state=CardState.FROZEN),
    Kind.SET_TOKEN: set_token(9, expiry=2701),
    Kind.SET_LIMITED_USE_KEY: command(Kind.SET_LIMITED_USE_KEY, outbox_sequence=9, token_pan=700, limited_use_key=1),
    Kind.FORCE_REASON: command(Kind.FORCE_REASON, subject=701, reason=Reason.DO_NOT_HONOR),
    Kind.SWITCH_ISSUER: command(Kind.SWITCH_ISSUER, is_down=1),
    Kind.ISSUER_DECISION: command(Kind.ISSUER_DECISION, account_id=7, decision=6, amount_minor=100),
    Kind.EXPIRE_HOLD: command(Kind.EXPIRE_HOLD, account_id=7, decision=4),
    Kind.CHARGEBACK: command(Kind.CHARGEBACK, account_id=7, decision=5, amount_minor=100),
    Kind.REPRESENTMENT: command(Kind.REPRESENTMENT, account_id=7, decision=5, amount_minor=100),
    Kind.PAYMENT: command(Kind.PAYMENT, account_id=8, amount_minor=100),
    Kind.PAYMENT_RETURNED: command(Kind.PAYMENT_RETURNED, account_id=8, decision=10),
    Kind.ADJUST: command(Kind.ADJUST, account_id=8, amount_minor=-100),
    Kind.WAIVE: command(
        Kind.WAIVE, account_id=8, amount_minor=100, decision=9, part=1, posting_kind=PostingKind.LATE_FEE
    ),
    Kind.WRITE_OFF: command(Kind.WRITE_OFF, account_id=8),
    Kind.RELIEVE: command(Kind.RELIEVE, account_id=8, months=2, is_waived=1),
    Kind.START_PLAN: command(Kind.START_PLAN, account_id=9, decision=16, plan_months=3),
    Kind.END_PLAN: command(Kind.END_PLAN, account_id=9, decision=15),
    Kind.GIVE_UNITS: command(Kind.GIVE_UNITS, account_id=8, unit=1, amount=5),
    Kind.REDEEM: command(Kind.REDEEM, account_id=8, unit=1, amount=2),
    Kind.RELIEVE_RANGE: command(
        Kind.RELIEVE_RANGE, first_row=0, rows=2, months=2, product=1, of_segment=ANY_SEGMENT, is_waived=1
    ),
    Kind.ANSWER_CASE: command(Kind.ANSWER_CASE, account_id=9, decision=18, answer=1, answer_reason=1),
    Kind.CLOSE_DAY: command(Kind.CLOSE_DAY, day=LATER_US // DAY_US - 1, first_row=0, rows=2, time_us=LATER_US),
}
_ASK = {"id": "ask", "state": "live", "when": {"attribute": "amount", "operator": "=", "value": 100}, "action": "ask"}
_REFER = _ASK | {"id": "refer", "when": _ASK["when"] | {"value": 101}, "action": "refer"}
WITHOUT_EFFECT = {Kind.PASS_TIME, Kind.ACTIVATE_PROGRAM}


def a_bank():
    """An account with a hold (command 4), a charge of which a part is disputed (5) and one that waits (6).

    Another one has a product, a correction (9), a payment (10) and 10 points, and a third a purchase (14) that is paid
    in instalments (15) and one that is not (16); one more is referred (18).
    """
    bank = Bank(rules=[_ASK, _REFER], units=[{"number": 1, "id": "points", "price": 3}])
    bank.send(PAID)
    bank.send(tap(2, 500, kind=Kind.FINANCIAL_REQUEST))
    assert bank.send(tap(3, 100)) is Reason.AWAITING_ISSUER
    bank.send(command(Kind.CHARGEBACK, account_id=7, decision=5, amount_minor=200))
    bank.send(set_account(4, 8, product=1, cut_day=5))
    bank.send(command(Kind.ADJUST, account_id=8, amount_minor=700))
    bank.send(command(Kind.PAYMENT, account_id=8, amount_minor=50))
    bank.send(set_account(5, 9, product=1, cut_day=5))
    bank.send(set_card(6, 9, 9))
    bank.send(set_token(7, 709, 9, 9))
    bank.send(tap(4, 300, 709, kind=Kind.FINANCIAL_REQUEST))
    bank.send(command(Kind.START_PLAN, account_id=9, decision=14, plan_months=3))
    bank.send(tap(5, 300, 709, kind=Kind.FINANCIAL_REQUEST))
    bank.send(command(Kind.GIVE_UNITS, account_id=8, unit=1, amount=10))
    assert bank.send(tap(6, 101, 709)) is Reason.REFER_TO_ISSUER
    return bank


def what_stands(bank):
    """The state but for the number and time of the last command."""
    rows = rows_in_use(bank.state)
    counters = bank.state.counters.copy()
    counters[[Counter.SEQUENCE, Counter.TIME_US, Counter.DAY, Counter.DAY_ENDS_US]] = 0
    return rows | {"counters": counters.tobytes()}


def message_of(kind):
    """A good message of each kind."""
    if kind in (Kind.REVERSAL_REQUEST, Kind.REVERSAL_ADVICE):
        return referring(kind, PAID)
    return tap(8, 700, kind=kind)


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name.lower())
def test_every_kind_has_an_effect(kind):
    """Or is one of the two that are written down to have none."""
    bank = a_bank()
    before = what_stands(bank)
    made = message_of(kind) if kind in MESSAGES else _NOTICES.get(kind, command(kind))
    assert bank.send(made) is Reason.APPROVED
    assert (what_stands(bank) == before) == (kind in WITHOUT_EFFECT)


def test_no_other_kind_is_approved():
    """Refused, and nothing changes."""
    bank = a_bank()
    before = what_stands(bank)
    for kind in sorted(set(range(256)) - set(Kind)):
        assert bank.send(command(kind, token_pan=700, account_id=7, amount_minor=1)) is Reason.UNDEFINED_VALUE
    assert what_stands(bank) == before


def _beyond(members, end=256):
    """What no member is: a whole byte of it, and what a copy into a byte would take for a member."""
    return sorted(set(range(256)) - set(members)) + [256 + member for member in members if end > 256]


_MESSAGE_FIELDS = {
    "channel": _beyond(Channel),
    "cardholder_verification": _beyond([*CardholderVerification, 2]),
    "cryptogram_outcome": _beyond(CryptogramOutcome),
    "currency": [1_000, 1_978, 65_535],
    "merchant_category": [10_000, 65_535],
    "flags": [max(Flag) * 2, 1 << 31],
    "operation": [100, 255],
}
_NOTICE_FIELDS = [
    (Kind.SET_ACCOUNT, "segment", [256, 65_535]),
    (Kind.SET_ACCOUNT, "currency", [1_000, 65_535]),
    (Kind.SET_ACCOUNT, "product", [1, 32, 255]),
    (Kind.SET_ACCOUNT, "cut_day", [1, 29, 255]),
    (Kind.SET_ACCOUNT, "segment_is", _beyond(SegmentIs)),
    (Kind.SET_ACCOUNT, "life_stage", [16, 255]),
    (Kind.SET_CARD, "state", _beyond(CardState, 65_536)),
    (Kind.SET_TOKEN, "state", _beyond(TokenState, 65_536)),
    (Kind.SET_TOKEN, "channels", [1 << len(Channel), 1 << 16, 1 << 31]),
    (Kind.FORCE_REASON, "scope", _beyond(ForcedScope, 65_536)),
    (Kind.FORCE_REASON, "reason", _beyond([0, *DECLINES], 65_536)),
    (Kind.ISSUER_DECISION, "reason", _beyond([0, *DECLINES], 65_536)),
    (Kind.ISSUER_DECISION, "decider", [6, 256, 257]),
    (Kind.WAIVE, "posting_kind", [kind for kind in range(64) if kind not in WAIVABLE]),
    (Kind.SWITCH_ISSUER, "is_down", [2, 256, 257]),
    (Kind.RELIEVE, "months", [0, 25, 255]),
    (Kind.RELIEVE, "is_waived", [2, 255]),
    (Kind.START_PLAN, "plan_months", [0, 61, 255]),
    (Kind.GIVE_UNITS, "unit", [0, 256, 65_535]),
    (Kind.REDEEM, "unit", [0, 256, 65_535]),
    (Kind.RELIEVE_RANGE, "months", [0, 25, 255]),
    (Kind.RELIEVE_RANGE, "is_waived", [2, 255]),
    (Kind.RELIEVE_RANGE, "product", [32, 255]),
    (Kind.RELIEVE_RANGE, "of_segment", [256, 65_534]),
    (Kind.ANSWER_CASE, "answer", _beyond([1, 2])),
    (Kind.ANSWER_CASE, "answer_reason", _beyond(range(7))),
]


@pytest.mark.parametrize("kind", [Kind(kind) for kind in MESSAGES], ids=lambda kind: kind.name.lower())
@pytest.mark.parametrize("name", _MESSAGE_FIELDS)
def test_a_message_names_only_what_is_defined(kind, name):
    """Anything else is refused in every pass, and changes nothing."""
    for is_down in (0, 1):
        bank = a_bank()
        bank.send(command(Kind.SWITCH_ISSUER, is_down=is_down))
        before = what_stands(bank)
        for value in _MESSAGE_FIELDS[name]:
            made = message_of(kind)
            made[name] = value
            assert bank.send(made) is Reason.UNDEFINED_VALUE, value
        assert what_stands(bank) == before


@pytest.mark.parametrize(("kind", "name", "values"), _NOTICE_FIELDS)
def test_a_notice_names_only_what_is_defined(kind, name, values):
    """A state of 257 is no state of 1, no segment is beyond the table, and no product is without a cut day."""
    bank = a_bank()
    before = what_stands(bank)
    for value in values:
        made = _NOTICES[kind].copy()
        made.view(LAYOUT_OF[kind].dtype)[name] = value
        assert bank.send(made) is Reason.UNDEFINED_VALUE, value
    assert what_stands(bank) == before


@pytest.mark.parametrize("original_type", [0, 99, 300, 400, 420, 800, 65_535])
@pytest.mark.parametrize("kind", [Kind.REVERSAL_REQUEST, Kind.FINANCIAL_ADVICE, Kind.AUTHORIZATION_REQUEST])
def test_only_authorizations_and_charges_are_referred_to(kind, original_type):
    """A reversal of a reversal would charge again."""
    bank = a_bank()
    assert bank.send(reversal(PAID)) is Reason.APPROVED
    before = what_stands(bank)
    undoing = reversal(PAID)
    made = referring(kind, PAID, original_type=original_type, original_stan=undoing["stan"], stan=77)
    assert bank.send(made) is Reason.UNDEFINED_VALUE
    assert what_stands(bank) == before


def test_the_engine_takes_nothing_that_is_not_defined():
    """The caller hears of it; a journal that holds such a command all the same is not opened."""

    class Written:
        """A journal of one batch."""

        network, begins_after, last_sequence, next_sequence = None, 0, 4, 5

        def read(self, after=0, until=None):
            """The whole."""
            yield Batch(1, joined([opening(), command(NO_KIND)]), b"")

    class Empty(Written):
        """A journal of nothing."""

        last_sequence, next_sequence = 0, 1

        def read(self, after=0, until=None):
            """Nothing."""
            return iter(())

        def close(self):
            """Nothing to close."""

    async def story():
        engine = Engine(Empty(), lambda: NOW_US, lambda error: None)
        with pytest.raises(UndefinedValue, match=f"kind {NO_KIND}"):
            engine.submit(command(NO_KIND), lambda results: None)
        with pytest.raises(UndefinedValue, match="channel 65"):
            await engine.run(joined([tap(1), tap(2, channel=65)]))
        assert engine.figures.commands == 0
        await engine.close()

    asyncio.run(story())
    with pytest.raises(JournalFromElsewhere, match=f"command 4 of the journal has kind {NO_KIND}"):
        replayed(History(Written()))


def test_every_field_of_the_vocabulary_is_one_of_a_command():
    """So that an error can name it and its value."""
    described = {field.name for layout in LAYOUT_OF.values() for field in layout.all_fields if field.values is not None}
    assert {field.name.lower() for field in Field} == described | {"none", "original_type"}
    assert first_undefined(joined([opening(), tap(1)])) == (-1, Field.NONE)


def _undefined_fields():
    """Every field of every layout that has values which are not defined, with the first of them."""
    for kind, layout in LAYOUT_OF.items():
        for field in layout.fields:
            if field.values is not None:
                yield kind, field.name, next(value for value in range(1 << 32) if value not in field.values)


@pytest.mark.parametrize(("kind", "name", "value"), [*_undefined_fields()])
def test_what_a_layout_does_not_define_is_refused_by_its_name(kind, name, value):
    """Whatever is described in a layout is held against its description."""
    made = command(kind, **{name: value})
    assert undefined_value(made, *first_undefined(made)) == (name, value)


def test_a_kind_that_nothing_takes_is_not_approved():
    """Even one that passed the question whether it is defined: the way through the kinds has no other end."""
    bank = a_bank()
    before = what_stands(bank)
    assert take_notice(bank.state, command(NO_KIND).view(COMMAND), 0) == Reason.UNDEFINED_VALUE
    assert what_stands(bank) == before


def test_operations_are_served_or_refused():
    """Each that is there is served; any other two digits of DE 3 are a kind of transaction that is not."""
    for operation in range(100):
        bank = a_bank()
        reason = bank.send(tap(8, 700, operation=operation))
        assert (reason is Reason.OPERATION_NOT_SUPPORTED) == (operation not in set(Operation))


def test_the_wire_leads_to_every_kind_class_and_channel():
    """And to nothing else."""
    assert {kind_of(message_type) for message_type in range(2_000)} == {-1, *MESSAGES}
    assert {channel_of(entry_mode) for entry_mode in range(1_000)} == set(Channel)
    assert {class_of(kind) for kind in MESSAGES} == set(MessageClass) - {MessageClass.POSTING}


def test_states_let_pay_or_not():
    """Only one of each does."""
    for state in TokenState:
        bank = Bank()
        bank.send(set_token(4, state=state))
        assert (bank.send(tap(1)) is Reason.APPROVED) == (state is TokenState.ACTIVE)
    for state in CardState:
        bank = Bank()
        bank.send(set_card(4, state=state))
        assert (bank.send(tap(1)) is Reason.APPROVED) == (state is CardState.ACTIVE)


def _limit(period):
    return {"id": period, "window": period, "count_max": 1, "scope": "token"}


@pytest.mark.parametrize("period", PERIODS)
def test_every_period_counts_and_begins(period):
    """A limit over it lets one pass and not two; it began before now, or before all time."""
    bank = Bank(limits=[_limit(period)])
    assert [bank.send(tap(1)), bank.send(tap(2))] == [Reason.APPROVED, Reason.EXCEEDS_LIMIT]
    assert period_start(bank.state.program, Period[period.upper()], NOW_US) <= NOW_US
    assert {name.upper() for name in PERIODS} | {"TRAILING"} == set(Period.__members__)


@pytest.mark.parametrize("period", [len(Period), len(Period) + 1, 99])
def test_no_other_period_begins(period):
    """One that nobody has said the beginning of is an error, and so is a meter over it."""
    state = new_state(16)
    with pytest.raises(AssertionError):
        period_start(state.program, period, NOW_US)
    program = compiled_program(ProgramDocument.model_validate({"limits": [_limit("day")]}), 1)
    program.meters["period"] = period
    with pytest.raises(AssertionError):
        window_start(state._replace(program=program), 0, NOW_US, new_today())


def test_names_of_documents_are_those_of_the_enums():
    """Scopes, actions and outcomes: nothing can be written that the kernel does not know, and nothing is forgotten."""
    assert {name.upper() for name in get_args(ScopeName)} == set(Scope.__members__) - {"PROGRAM"}
    assert {name.upper() for name in get_args(AppliesTo.model_fields["scope"].annotation)} == set(Scope.__members__)
    assert {name.upper() for name in get_args(Rule.model_fields["action"].annotation)} == set(Action.__members__)
    assert set(_REASON_OF) == set(Action) - {Action.DECLINE}
    assert {outcome.name for outcome in Outcome} == {"APPROVED", "DECLINED"}
    assert set(_DECIDERS) == set(Decider)
    remote, qr_code = Flag.SIGNED_FOR_REMOTE, Flag.SIGNED_FOR_QR_CODE
    assert set(_SIGNED_FOR) == {0, remote, qr_code, remote | qr_code}


@pytest.mark.parametrize("reason", ["approved", "partially_approved", "verified", "awaiting_issuer", "nonsense"])
def test_rules_and_limits_decline_for_declines_only(reason):
    """What is no way of saying no is refused with the document."""
    rule = {**_ASK, "action": "decline", "reason": reason}
    for document in ({"rules": [rule]}, {"limits": [_limit("day") | {"reason": reason}]}):
        with pytest.raises(ValidationError, match="is not a decline reason"):
            ProgramDocument.model_validate(document)


@pytest.mark.parametrize("scope", get_args(ScopeName))
def test_every_scope_counts(scope):
    """A meter of each sees the transaction before."""
    bank = Bank(limits=[{"id": "one", "window": "day", "count_max": 1, "scope": scope}])
    assert [bank.send(tap(1)), bank.send(tap(2))] == [Reason.APPROVED, Reason.EXCEEDS_LIMIT]


def test_a_refusal_is_the_same_in_a_batch():
    """A command that is refused leaves those around it alone."""
    state, results, _ = apply_batch(new_state(16), joined([opening(), command(NO_KIND), tap(1)]))
    assert results["reason"].tolist() == [0, 0, 0, Reason.UNDEFINED_VALUE, 0]
    assert state.accounts[0]["held_minor"] == 1_250


def test_a_signature_of_earlier_journals_is_still_read():
    """No message brings one any more; 3 and above were never anything."""
    assert first_undefined(tap(1, cardholder_verification=2))[0] == -1
    assert first_undefined(tap(1, cardholder_verification=max(CardholderVerification) + 1))[0] == 0
