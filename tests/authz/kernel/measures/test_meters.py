"""Meters against the plain count of a plain list, over random histories, windows and programs."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.journal.replay import apply_batch
from authz.kernel.measures.calendar import period_start
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, with_offsets
from authz.program.periods import Period
from authz.vocabulary.attributes import Attribute
from authz.vocabulary.commands import CardholderVerification, Channel, Kind, Operation
from authz.vocabulary.layouts import joined
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import NOW_US, referring, reversal, set_account, set_card, set_token, tap

SECOND_US = 1_000_000
WINDOWS = ["90s", "15m", "24h", "30d", "day", "week", "month", "year", "lifetime", "since_verification"]
_CASES = [
    (what, window, of)
    for window in WINDOWS
    for what in ("count", "amount")
    for of in ("account", "token", "card")
    if window != "since_verification" or of == "token"
]
_CASES += [("declines", window, "account") for window in ("1h", "day")] + [("count", "24h", "segment")]


def _rule(number, what, window, of, where):
    when = {"attribute": f"{what}_{window}", "operator": ">=", "value": 0, "of": of, "where": where}
    return {"id": f"r{number}", "state": "shadow", "when": when, "action": "flag"}


def _program(where):
    return {
        "time_zone": "Europe/Berlin",
        "rules": [_rule(number, *case, where) for number, case in enumerate(_CASES)],
    }


class History:
    """What happened, as a plain list."""

    def __init__(self, zone):
        self.zone = ZoneInfo(zone)
        self.segment = 0
        self.rows = []
        self.verified = {}

    def start(self, window, now, pan):
        """When a window that ends now began, Unix seconds; and whether that very moment is outside."""
        if window[-1] in "smhd" and window[:-1].isdigit():
            return now - int(window[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[window[-1]], True
        if window == "lifetime":
            return -1, True
        if window == "since_verification":
            return -1, True  # told by the place in the list, not by time
        local = datetime.fromtimestamp(now, self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        if window == "week":
            local -= timedelta(days=local.weekday())
        elif window != "day":
            local = local.replace(day=1, month=1 if window == "year" else local.month)
        # A wall-clock time names the moment with the offset in force then.
        return int(local.replace(tzinfo=self.zone).astimezone(UTC).timestamp()), False

    def measure(self, what, window, of, where, now, pan):
        """What a meter must show."""
        if self.segment not in where.get("segments", [self.segment]):
            return 0
        start, is_open = self.start(window, now, pan)
        rows = self.rows[self.verified.get(pan, 0) :] if window == "since_verification" else self.rows
        rows = [row for row in rows if row["time"] > start or (row["time"] == start and not is_open)]
        rows = [row for row in rows if row["declined"] == (what == "declines")]
        if of == "segment":
            rows = [row for row in rows if row["segment"] == self.segment]
        if of in ("token", "card"):
            rows = [row for row in rows if row["pan"] == pan]
        if where.get("channels"):
            rows = [row for row in rows if row["channel"] == "contactless"]
        if where.get("categories"):
            rows = [row for row in rows if row["category"] in where["categories"]]
        rows = [row for row in rows if row["declined"] or row["amount"]]
        return sum(row["amount"] for row in rows) if what == "amount" else len(rows)


_STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 30, 89, 90, 91, 3_600, 40_000, 86_400, 700_000, 2_592_000]),  # seconds passed
        st.sampled_from([700, 701]),
        st.sampled_from([0, 1, 100, 2_500, 60_000]),
        st.sampled_from([5411, 5814]),
        st.sampled_from(["tap", "tap", "tap", "verified", "reverse", "part", "increase", "program", "move"]),
        st.integers(0, 5),
    ),
    max_size=25,
)


_FILTERS = [{}, {"categories": ["5411"]}, {"channels": ["contactless"]}, {"segments": [1]}, {"segments": [0, 2]}]


@given(_STEPS, st.sampled_from(_FILTERS))
def test_meters_agree_with_a_plain_list(steps, where):
    """Whatever happens, and also right after another program has come."""
    bank, history = Bank(**_program(where)), History("Europe/Berlin")
    bank.state = apply_batch(bank.state, joined([set_card(4, 71), set_token(5, 701, 71)]))[0]
    now, sent = NOW_US // SECOND_US, []
    for number, (passed, pan, amount, category, what, which) in enumerate(steps, 1):
        now += passed
        time_us = now * SECOND_US
        if what == "program":
            bank.use(**_program(where), categories=[{"first": "0000", "last": "0000", "group": f"g{number}"[:1]}])
        if what == "move":
            history.segment = which % 3
            bank.send(set_account(5 + number, segment=history.segment))
        if what in ("reverse", "part", "increase") and sent:
            original, row = sent[which % len(sent)]
            if what == "increase":
                changed = bank.send(
                    referring(
                        Kind.AUTHORIZATION_REQUEST, original, amount_minor=10, time_us=time_us, stan=9_000 + number
                    )
                )
                if changed is Reason.APPROVED:
                    row["amount"] += 10
                else:
                    history.rows.append(_row(now, original, changed, history.segment))
                continue
            left = row["amount"] // 2 if what == "part" else None
            changed = bank.send(
                reversal(original, remaining=left, amount_minor=row["amount"], stan=9_000 + number, time_us=time_us)
            )
            if changed is Reason.APPROVED:
                row["amount"] = left or 0
            continue
        verified = what == "verified"
        made = tap(
            number,
            amount,
            pan,
            time_us=time_us,
            merchant_category=category,
            cardholder_verification=CardholderVerification.DEVICE if verified else CardholderVerification.NONE,
        )
        reason = bank.send(made)
        _compare(bank, history, where, now, pan)
        row = _row(now, made, reason, history.segment)
        history.rows.append(row)
        if reason is Reason.APPROVED:
            sent.append((made, row))
            if verified:
                history.verified[pan] = len(history.rows)


def _row(now, message, reason, segment):
    return {
        "time": now,
        "segment": segment,
        "pan": int(message["token_pan"][0]),
        "amount": int(message["amount_minor"][0]) if reason is Reason.APPROVED else 0,
        "declined": not reason.is_approval,
        "category": f"{int(message['merchant_category'][0]):04d}",
        "channel": Channel(message["channel"][0]).name.lower() if message["channel"][0] else "unknown",
    }


def _compare(bank, history, where, now, pan):
    """Every meter that the decision has read."""
    if bank.findings.rules[0] == 0:
        return  # declined before any rule was asked
    for place, case in enumerate(_CASES):
        expected = history.measure(*case, where, now, pan)
        assert bank.findings.values[len(Attribute) + place] == expected, case


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
def test_periods_begin_with_local_time(zone):
    """Days, weeks, months and years of a zone begin when its own calendar says, over clock changes too."""
    program = compiled_program(with_offsets(ProgramDocument(time_zone=zone)), 1)
    history = History(zone)
    for now in range(1_770_000_000, 1_830_000_000, 40_009):
        for window in ("day", "week", "month", "year"):
            start = period_start(program, Period[window.upper()], now * SECOND_US)
            assert start == history.start(window, now, 0)[0] * SECOND_US, (now, window)


LIMITS = [
    ({"window": "transaction", "amount_max": 2_000, "currency": "EUR"}, [2_000, 2_000], 2_001),
    ({"window": "day", "count_max": 2}, [100, 100], 100),
    ({"window": "1h", "amount_max": 3_000, "currency": "EUR"}, [1_000, 2_000], 1),
    ({"window": "lifetime", "amount_max": 3_000, "currency": "EUR", "scope": "token"}, [3_000], 1),
    ({"window": "day", "count_max": 1, "where": {"channels": ["contactless"]}}, [1], 1),
    ({"window": "day", "count_max": 1, "where": {"categories": ["5814"]}, "scope": "segment"}, [1], 1),
    (
        {
            "window": "since_verification",
            "scope": "token",
            "count_max": 2,
            "where": {"cardholder_verification": ["none"]},
        },
        [1, 1],
        1,
    ),
]


@pytest.mark.parametrize(("limit", "fine", "too_much"), LIMITS)
def test_limits(limit, fine, too_much):
    """Up to the bound, and no step further."""
    bank = Bank(limits=[{"id": "one", **limit}])
    for number, amount in enumerate(fine, 1):
        assert bank.send(tap(number, amount)) is Reason.APPROVED
    assert bank.send(tap(50, too_much)) is Reason.EXCEEDS_LIMIT
    finding = bank.findings.limits[0]
    assert finding["seen"] == finding["bound"] + 1


@pytest.mark.parametrize(
    "where",
    [
        {"channels": ["e_commerce"]},
        {"categories": ["5411"]},
        {"countries": ["840"]},
        {"merchants": ["OTHER"]},
        {"operations": ["cash"]},
    ],
)
def test_limits_leave_others_alone(where):
    """What is outside of a limit's filter is not asked about."""
    bank = Bank(limits=[{"id": "one", "window": "day", "count_max": 0, "where": where}])
    assert bank.send(tap(1)) is Reason.APPROVED
    assert bank.findings.limits[0]["reached"] == 0


def test_a_verified_cardholder_begins_anew():
    """The count without verification begins again after one with it."""
    where = {"channels": ["contactless"], "cardholder_verification": ["none"]}
    bank = Bank(
        limits=[{"id": "no-cvm", "scope": "token", "window": "since_verification", "count_max": 2, "where": where}]
    )
    assert [bank.send(tap(n)) for n in (1, 2, 3)] == [Reason.APPROVED, Reason.APPROVED, Reason.EXCEEDS_LIMIT]
    assert bank.send(tap(4, cardholder_verification=CardholderVerification.DEVICE)) is Reason.APPROVED
    assert [bank.send(tap(n)) for n in (5, 6, 7)] == [Reason.APPROVED, Reason.APPROVED, Reason.EXCEEDS_LIMIT]


def test_cash_has_limits_of_its_own():
    """A limit on cash does not touch purchases."""
    limit = {"id": "cash", "window": "day", "amount_max": 5_000, "currency": "EUR", "where": {"operations": ["cash"]}}
    bank = Bank(limits=[limit])
    assert bank.send(tap(1, 20_000)) is Reason.APPROVED
    cash = {"operation": Operation.CASH, "cardholder_verification": CardholderVerification.PIN}
    assert bank.send(tap(2, 5_000, **cash)) is Reason.APPROVED
    assert bank.send(tap(3, 1, **cash)) is Reason.EXCEEDS_LIMIT


@pytest.mark.parametrize("moves_back", [False, True])
def test_what_is_reversed_leaves_the_sum_of_the_segment_in_which_it_was_paid(moves_back):
    """And not that of the segment in which its account is now."""
    limit = {"id": "two", "scope": "segment", "window": "day", "count_max": 2}
    bank = Bank(limits=[limit])
    paid = tap(1, 100)
    assert [bank.send(each) for each in (paid, tap(2, 100))] == [Reason.APPROVED] * 2
    bank.send(set_account(5, segment=2))
    assert [bank.send(tap(number, 100)) for number in (3, 4)] == [Reason.APPROVED] * 2
    assert bank.send(reversal(paid, amount_minor=100, stan=9_000)) is Reason.APPROVED
    if moves_back:
        bank.send(set_account(6, segment=0))
    assert bank.send(tap(5, 100)) is (Reason.APPROVED if moves_back else Reason.EXCEEDS_LIMIT)
    assert bank.send(tap(6, 100)) is Reason.EXCEEDS_LIMIT
