"""Given, less spent, taken back and expired, is the balance of each unit, whatever happens and in whatever order."""

from collections import Counter as Tally

from hypothesis import given, settings
from hypothesis import strategies as st

from authz.journal.replay import apply_batch
from authz.kernel.units.holdings import balance_of
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, with_offsets
from authz.state.stored import rows_in_use
from authz.state.tables import changes_made, new_state, with_program
from authz.vocabulary.account_changes import ChangeKind
from authz.vocabulary.commands import Kind, Operation
from authz.vocabulary.layouts import joined
from tests.authz.commands import NOW_US, command, opening, set_account, tap

DAY_US = 86_400_000_000
POINTS, GIFTS, FREE_CASH = 1, 2, 3
UNITS = [
    {"number": POINTS, "id": "points", "price": 3, "expires_days": 20},
    {"number": GIFTS, "id": "gifts", "price": 500, "shortfall": "charged", "expires_days": 7},
    {"number": FREE_CASH, "id": "free_cash", "waives": "cash_fee"},
]
PROGRAM = with_offsets(
    ProgramDocument.model_validate(
        {
            "units": UNITS,
            "products": [{"number": 1, "id": "phone_card", "terms": {"cash_share_ppm": 1_000_000}}],
            "cash_verification": {"cash": "none"},
        }
    )
)
SIGNS = {
    ChangeKind.UNITS_GIVEN: 1,
    ChangeKind.UNITS_SPENT: -1,
    ChangeKind.UNITS_EXPIRED: -1,
    ChangeKind.UNITS_TAKEN_BACK: -1,
}

units = st.sampled_from([POINTS, GIFTS, FREE_CASH])
acts = st.lists(
    st.one_of(
        st.tuples(st.just("give"), units, st.integers(1, 50)),
        st.tuples(st.just("take"), units, st.integers(1, 50)),
        st.tuples(st.just("redeem"), units, st.integers(1, 50)),
        st.tuples(st.just("cash"), st.just(0), st.integers(1, 500)),
        st.tuples(st.just("days"), st.just(0), st.integers(1, 15)),
    ),
    max_size=40,
)


def commands_of(told, closes):
    """The commands of a life. closes: after which of its steps all days that are over are closed."""
    now, made = NOW_US, []
    for place, (what, unit, amount) in enumerate(told):
        about = {"account_id": 7, "unit": unit, "time_us": now}
        if what == "give":
            made.append(command(Kind.GIVE_UNITS, amount=amount, **about))
        elif what == "take":
            made.append(command(Kind.GIVE_UNITS, amount=-amount, **about))
        elif what == "redeem":
            made.append(command(Kind.REDEEM, amount=amount, **about))
        elif what == "cash":
            paid = {"kind": Kind.FINANCIAL_REQUEST, "operation": Operation.CASH, "time_us": now}
            made.append(tap(place + 1, amount, **paid))
        else:
            now += amount * DAY_US
            made.append(command(Kind.PASS_TIME, time_us=now))
        if place in closes:
            made.append(command(Kind.CLOSE_DAY, time_us=now, day=now // DAY_US - 1, rows=1))
    last = now + 40 * DAY_US
    return [*made, command(Kind.CLOSE_DAY, time_us=last, day=last // DAY_US - 1, rows=1)]


def lived(told, closes=()):
    """The state after a life, command by command, with what is always true held against each."""
    state = with_program(apply_batch(new_state(16), opening())[0], compiled_program(PROGRAM, 1))
    state = apply_batch(state, set_account(4, product=1, cut_day=5))[0]
    balances = Tally()
    for each in commands_of(told, closes):
        state, _, _ = apply_batch(state, each)
        for change in changes_made(state):
            unit, kind = int(change["detail"]), ChangeKind(int(change["kind"]))
            assert change["amount_minor"] > 0
            balances[unit] += SIGNS[kind] * int(change["amount_minor"])
            assert int(change["about"]) == balances[unit]
        for unit in (POINTS, GIFTS, FREE_CASH):
            assert balance_of(state, 0, unit) == balances[unit]
        assert balances[GIFTS] >= 0
    return state


def without_counters(state):
    """The rows of a state but for how many commands there were, and which of them had made what."""
    rows = rows_in_use(state)
    return {name: rows[name] for name in ("accounts", "holdings", "billing", "general")}


@settings(max_examples=40, deadline=None)
@given(acts, st.sets(st.integers(0, 39)))
def test_the_balance_is_what_was_given_less_what_went(told, closes):
    """After every command; and closed days make no difference to what an account holds and owes."""
    closed, lazy = lived(told, closes), lived(told)
    assert closed.accounts[0]["posted_minor"] == lazy.accounts[0]["posted_minor"]
    assert without_counters(closed) == without_counters(lazy)


@settings(max_examples=20, deadline=None)
@given(acts)
def test_a_replay_in_one_batch_has_the_same_bytes(told):
    """As command by command."""
    whole = with_program(apply_batch(new_state(16), opening())[0], compiled_program(PROGRAM, 1))
    whole = apply_batch(whole, set_account(4, product=1, cut_day=5))[0]
    whole = apply_batch(whole, joined(commands_of(told, ())))[0]
    assert rows_in_use(whole) == rows_in_use(lived(told))
