"""What rules see of meters, counted as transactions come and counted anew: both show the same."""

import pytest

from authz.kernel.measures.meters import measured
from authz.program.periods import new_today
from authz.program.tables import Scope
from authz.vocabulary.attributes import Attribute
from authz.vocabulary.commands import CardholderVerification, Flag, Kind
from authz.vocabulary.reasons import Reason
from tests.authz.bank import DAY, HOUR_US, Bank, approve
from tests.authz.commands import NOW_US, command, referring, refund, reversal, set_account, set_card, set_token, tap

TOO_MUCH = 50_001
DAY_US = 24 * HOUR_US
PAID = Kind.FINANCIAL_REQUEST


def a_bank(*measures, where=None, **document):
    """A bank whose rules look at measures, each an attribute and whose it is. where: their filter.

    Account 7 has tokens 700 and 701 on card 70 and 710 on card 71; account 8 of the same segment has 800.
    """
    rules = [
        {
            "id": f"r{number}",
            "state": "shadow",
            "when": {"attribute": attribute, "operator": ">", "value": 10**9, "of": of, "where": where or {}},
            "action": "flag",
        }
        for number, (attribute, of) in enumerate(measures)
    ]
    bank = Bank(rules=rules, **document)
    notices = [set_token(4, 701), set_card(5, 71), set_token(6, 710, 71)]
    for notice in [*notices, set_account(7, 8), set_card(8, 80, 8), set_token(9, 800, 80, 8)]:
        bank.send(notice)
    return bank


def counted_anew(bank, message):
    """What each measure would show now, counted through the whole list."""
    tokens = bank.state.tokens
    token_row = tokens["token_pan"].tolist().index(message["token_pan"][0])
    shown = []
    for _, place in bank.state.program.derived.tolist():
        number = place if place >= 0 else -1 - place
        scope = bank.state.program.meters["scope"][number]
        subject = int(tokens["card_row"][token_row]) if scope == Scope.CARD else token_row
        account_row = int(tokens["account_row"][token_row])
        pair = measured(bank.state, number, account_row, subject, int(message["time_us"][0]), new_today())
        shown.append(int(pair[0 if place >= 0 else 1]))
    return shown


def look(bank, atc=60, pan=700, **values):
    """What the measures show to a tap."""
    now = tap(atc, 1, pan, **values)
    expected = counted_anew(bank, now)
    bank.send(now)
    assert bank.findings.rules[0], "the rules were asked"
    count = len(bank.state.program.derived)
    assert bank.findings.values[len(Attribute) : len(Attribute) + count].tolist() == expected
    return expected


ALL = [(f"{what}_day", of) for of in ("account", "card", "token", "segment") for what in ("count", "amount")]


def test_whose_transactions_are_counted():
    """Those of the token, of its card, of its account, or of all accounts of its segment."""
    bank = a_bank(*ALL)
    for atc, (pan, amount) in enumerate([(700, 100), (700, 200), (701, 1_000), (710, 5_000), (800, 20_000)], 1):
        assert bank.send(tap(atc, amount, pan)) is Reason.APPROVED
    assert look(bank, 10) == [4, 6_300, 3, 1_300, 2, 300, 5, 26_300]
    assert look(bank, 11) == [5, 6_301, 4, 1_301, 3, 301, 6, 26_301]
    assert look(bank, 12, 710) == [6, 6_302, 1, 5_000, 1, 5_000, 7, 26_302]
    assert look(bank, 13, 800) == [1, 20_000, 1, 20_000, 1, 20_000, 8, 26_303]


def test_another_segment_is_counted_by_itself():
    """Also where an account moves: what it did before stays where it was."""
    bank = a_bank(("count_day", "segment"), ("count_day", "account"))
    bank.send(set_account(10, 8, segment=2))
    bank.send(tap(1, 100))
    assert look(bank, 1, 800) == [0, 0]
    assert look(bank, 2, 800) == [1, 1]
    assert look(bank, 2) == [1, 1]
    bank.send(set_account(11, 8))
    assert look(bank, 3, 800) == [2, 2]


def test_an_account_outside_of_the_segments_has_measures_of_zero():
    """Of every scope; inside of them, the same as without any."""
    bank = a_bank(*ALL, where={"segments": [2, 3]})
    bank.send(set_account(10, 8, segment=2))
    bank.send(tap(1, 100))
    bank.send(tap(1, 200, 800))
    assert look(bank, 2) == [0] * 8
    assert look(bank, 2, 800) == [1, 200] * 4
    bank.send(set_account(11, 7, segment=2))
    assert look(bank, 3) == [2, 101] * 3 + [2, 201]


def test_nothing_has_come_yet():
    """All show nothing."""
    assert look(a_bank(*ALL)) == [0] * 8


WINDOWS = [("count_1h", HOUR_US), ("count_90s", 90_000_000), ("count_30d", 30 * DAY_US)]


@pytest.mark.parametrize(("attribute", "length_us"), WINDOWS)
def test_a_trailing_window_ends_so_long_ago(attribute, length_us):
    """Exactly so long ago is outside; a microsecond less is inside."""
    bank = a_bank((attribute, "account"), (attribute.replace("count", "amount"), "account"))
    for number, ago in enumerate((length_us + 1, length_us, length_us - 1, 0), 1):
        bank.send(tap(number, number, time_us=NOW_US - ago))
    assert look(bank, 5) == [2, 7]
    assert look(bank, 6, time_us=NOW_US + 1) == [2, 5]
    assert look(bank, 7, time_us=NOW_US + length_us) == [1, 1]
    assert look(bank, 8, time_us=NOW_US + 2 * length_us) == [0, 0]
    assert look(bank, 9, time_us=NOW_US + 2 * length_us) == [1, 1]


def test_a_day_begins_with_its_first_moment():
    """A period's beginning is inside."""
    bank = a_bank(("count_day", "account"), ("amount_lifetime", "account"))
    midnight = NOW_US + 12 * HOUR_US
    bank.send(tap(1, 10, time_us=midnight - 1))
    assert look(bank, 2, time_us=midnight - 1) == [1, 10]
    assert look(bank, 3, time_us=midnight) == [0, 11]
    assert look(bank, 4, time_us=midnight + DAY_US - 1) == [1, 12]
    assert look(bank, 5, time_us=midnight + DAY_US) == [0, 13]


def test_since_the_cardholder_was_verified():
    """What came behind that approval, by its place: also in the same microsecond; each token by itself."""
    bank = a_bank(("count_since_verification", "token"), ("amount_since_verification", "token"))
    verified = {"cardholder_verification": CardholderVerification.PIN}
    bank.send(tap(1, 100))
    bank.send(tap(2, 200, 701))
    assert look(bank, 3) == [1, 100]
    bank.send(tap(4, 400, **verified))
    assert look(bank, 5) == [0, 0]
    assert look(bank, 6) == [1, 1]
    assert look(bank, 7, 701) == [1, 200]
    bank.send(tap(8, TOO_MUCH, **verified))
    assert look(bank, 9) == [2, 2]


COUNTS = ("count_day", "account"), ("amount_day", "account"), ("declines_day", "account"), ("count_24h", "segment")
FIRST, DEBIT = tap(1, 2_000), tap(2, 1_000, kind=PAID)
DONE = referring(PAID, FIRST, stan=10, amount_minor=1_500)
STORIES = [
    ([FIRST, DEBIT], [2, 3_000, 0, 2]),
    ([tap(1, TOO_MUCH)], [0, 0, 1, 0]),
    ([tap(1, 0)], [0, 0, 0, 0]),
    ([FIRST, referring(Kind.AUTHORIZATION_REQUEST, FIRST, stan=10, amount_minor=500)], [1, 2_500, 0, 1]),
    ([FIRST, referring(Kind.AUTHORIZATION_REQUEST, FIRST, stan=10, amount_minor=TOO_MUCH)], [1, 2_000, 1, 1]),
    ([FIRST, DONE], [1, 2_000, 0, 1]),
    ([FIRST, reversal(FIRST)], [0, 0, 0, 0]),
    ([FIRST, reversal(FIRST, remaining=800)], [1, 800, 0, 1]),
    ([FIRST, reversal(FIRST, amount_minor=1)], [1, 2_000, 0, 1]),
    ([DEBIT, reversal(DEBIT)], [0, 0, 0, 0]),
    ([DEBIT, refund(DEBIT, amount_minor=400, stan=10)], [1, 1_000, 0, 1]),
    ([DEBIT, refund(DEBIT, amount_minor=1_001, stan=10)], [1, 1_000, 1, 1]),
    ([reversal(FIRST), FIRST], [0, 0, 1, 0]),
    ([tap(1, 700, kind=Kind.AUTHORIZATION_ADVICE), tap(2, 70, kind=Kind.FINANCIAL_ADVICE)], [2, 770, 0, 2]),
    ([tap(1, 700, kind=Kind.AUTHORIZATION_ADVICE, flags=Flag.DECLINED_ELSEWHERE)], None),
    ([tap(1, 700, kind=Kind.FINANCIAL_ADVICE, operation=98)], [0, 0, 0, 0]),
]


@pytest.mark.parametrize("looks_between", [False, True])
@pytest.mark.parametrize(("messages", "expected"), STORIES)
def test_what_counts(messages, expected, looks_between):
    """Purchases and cash, each once, with what is left of them; and every request that was refused.

    It makes no difference whether a decision has looked at the meters before something changes.
    """
    bank = a_bank(*COUNTS)
    for number, message in enumerate(messages):
        bank.send(message)
        if looks_between and number == 0:
            look(bank, 60)
    found = look(bank, 61)
    if expected:
        more = int(looks_between)
        count, amount, declines, of_segment = expected
        assert found == [count + more, amount + more, declines, of_segment + more]


def test_what_is_reversed_after_it_has_left_the_window():
    """Takes nothing from what is inside."""
    bank = a_bank(("count_1h", "account"), ("amount_1h", "account"), ("amount_30d", "account"))
    bank.send(FIRST)
    assert look(bank, 5, time_us=NOW_US + HOUR_US // 2) == [1, 2_000, 2_000]
    assert look(bank, 6, time_us=NOW_US + HOUR_US) == [1, 1, 2_001]
    bank.send(reversal(FIRST, time_us=NOW_US + HOUR_US))
    assert look(bank, 7, time_us=NOW_US + HOUR_US) == [2, 2, 2]


def test_what_is_reversed_before_any_meter_has_counted_it():
    """Is never counted: a purchase below the rules' attention, and a later look."""
    bank = a_bank(("count_day", "token"), ("amount_day", "card"))
    assert look(bank, 5) == [0, 0]
    bank.send(FIRST)
    bank.send(reversal(FIRST, remaining=300))
    assert look(bank, 6) == [2, 301]


def test_a_new_program_sees_what_came_before():
    """Its meters show at once what they would have shown had they always been there."""
    bank = a_bank(("count_day", "account"))
    bank.send(tap(1, 100))
    bank.send(tap(2, 200, 701))
    assert look(bank, 3) == [2]
    measures = [("amount_day", "account"), ("count_day", "card"), ("amount_24h", "token"), ("count_day", "segment")]
    bank.use(**a_bank(*measures).document.model_dump(by_alias=True, exclude={"utc_offsets"}))
    assert look(bank, 4) == [301, 3, 101, 3]
    assert look(bank, 5) == [302, 4, 102, 4]


def test_what_the_issuer_still_thinks_about():
    """Counts as approved while its amount is held, not as declined; and not at all once the issuer has said no."""
    ask = {"attribute": "amount", "operator": ">", "value": 1_999}
    rules = [
        {
            "id": f"r{number}",
            "state": "shadow",
            "when": {"attribute": attribute, "operator": ">", "value": 10**9},
            "action": "flag",
        }
        for number, attribute in enumerate(("declines_day", "count_day"))
    ]
    bank = Bank(rules=[*rules, {"id": "ask", "state": "live", "when": ask, "action": "ask"}])
    assert bank.send(FIRST) is Reason.AWAITING_ISSUER
    declines, _ = look(bank, 5)
    assert declines == 0
    decision = command(Kind.ISSUER_DECISION, account_id=7, decision=4, reason=Reason.DO_NOT_HONOR)
    bank.send(decision)
    assert look(bank, 6) == [1, 1]


def test_what_is_reversed_counts_for_its_own_account():
    """Whichever token it was paid with, also after the limit has looked."""
    bank = Bank(limits=[DAY])
    for notice in (set_token(4, 701), set_account(5, 8), set_card(6, 80, 8), set_token(7, 800, 80, 8)):
        bank.send(notice)
    approve(bank, tap(1, 6_000, 701), tap(1, 5_000, 800), tap(1, 100), tap(2, 100, 800))
    approve(bank, reversal(tap(1, 6_000, 701), stan=9), tap(2, 9_900))
    assert bank.send(tap(3, 4_901, 800)) is Reason.EXCEEDS_LIMIT
    approve(bank, tap(4, 4_900, 800))
