"""Which transactions a limit is about: what is inside its filter is refused here, what is outside passes."""

import pytest

from authz.program.compilation import merchant_key
from authz.vocabulary.commands import CardholderVerification, Channel, Flag, Operation
from authz.vocabulary.reasons import Reason
from tests.authz.bank import Bank
from tests.authz.commands import EUR, USD, set_account, set_card, set_token, tap

CATEGORIES = [
    {"first": "5400", "last": "5499", "group": "groceries"},
    {"first": "5800", "last": "5899", "group": "food"},
    {"first": "7995", "last": "7995", "group": "gambling"},
]
SCENES = [
    {"scene": "restaurant", "need": "dining", "categories": [["5812", "5812"], ["5814", "5814"]]},
    {"scene": "bar", "need": "dining", "categories": [["5813", "5813"]]},
    {"scene": "games", "need": "play", "categories": [["7993", "7995"]]},
]
PIN, DEVICE = CardholderVerification.PIN, CardholderVerification.DEVICE
CASH = {"operation": Operation.CASH, "cardholder_verification": PIN}
CASH_BACK = {"operation": Operation.PURCHASE_WITH_CASH_BACK, "cardholder_verification": PIN, "cash_minor": 100}
ONLINE = {"channel": Channel.E_COMMERCE, "flags": Flag.SIGNED_FOR_REMOTE}


def shops(*names):
    """What messages of these merchants say."""
    return [{"merchant_key": merchant_key(name)} for name in names]


def categories(*codes):
    """What messages of these merchant categories say."""
    return [{"merchant_category": code} for code in codes]


FILTERS = [
    ({"channels": ["contactless"]}, [{}], [{"channel": Channel.CONTACT_CHIP}, ONLINE]),
    ({"channels": ["contact_chip", "e_commerce"]}, [{"channel": Channel.CONTACT_CHIP}, ONLINE], [{}]),
    ({"operations": ["purchase"]}, [{}], [CASH, CASH_BACK]),
    ({"operations": ["cash", "purchase_with_cash_back"]}, [CASH, CASH_BACK], [{}]),
    ({"cardholder_verification": ["none"]}, [{}], [{"cardholder_verification": PIN}]),
    (
        {"cardholder_verification": ["pin", "device"]},
        [{"cardholder_verification": PIN}, {"cardholder_verification": DEVICE}],
        [{}],
    ),
    ({"category_groups": ["food"]}, categories(5800, 5899), categories(5411, 7995, 5900)),
    ({"category_groups": ["groceries", "gambling"]}, categories(5411, 7995), categories(5814, 5900)),
    ({"categories": ["5814"]}, categories(5814), categories(5813, 5815, 0, 9999)),
    (
        {"categories": ["5411", "5499", "5814", "5912", "7995"]},
        categories(5411, 5499, 5814, 5912, 7995),
        categories(5410, 5412, 5813, 5815, 7994, 7996),
    ),
    ({"scenes": ["restaurant"]}, categories(5812, 5814), categories(5811, 5813, 5815, 7995, 0)),
    ({"scenes": ["bar", "games"]}, categories(5813, 7993, 7995), categories(5812, 5814, 7992, 7996)),
    ({"needs": ["dining"]}, categories(5812, 5813, 5814), categories(5811, 5815, 7995)),
    ({"needs": ["dining"], "scenes": ["bar", "games"]}, categories(5813), categories(5812, 5814, 7995)),
    ({"needs": ["dining"], "categories": ["5812", "7995"]}, categories(5812), categories(5813, 5814, 7995)),
    ({"needs": ["play"], "category_groups": ["gambling"]}, categories(7995), categories(7993, 7994, 5814)),
    (
        {"scenes": ["bar"], "countries": ["276"]},
        [{"merchant_category": 5813, "country": 276}],
        [{"merchant_category": 5813, "country": 250}, {"merchant_category": 5812, "country": 276}],
    ),
    ({"countries": ["276"]}, [{"country": 276}], [{"country": 250}, {"country": 0}, {"country": 840}]),
    ({"countries": ["276", "250"]}, [{"country": 276}, {"country": 250}], [{"country": 251}, {"country": 826}]),
    ({"merchants": ["CAFE", "BAKERY"]}, shops("CAFE", "BAKERY"), shops("BAR", "CAFE2")),
    (
        {"categories": ["5814"], "countries": ["276"], "merchants": ["CAFE"]},
        [{"country": 276, **shops("CAFE")[0]}],
        [
            {"country": 250, **shops("CAFE")[0]},
            {"country": 276, **shops("BAR")[0]},
            {"country": 276, "merchant_category": 5411, **shops("CAFE")[0]},
        ],
    ),
]


def a_bank(**limit):
    """A bank that lets nothing pass that its one limit is about, with a token for all channels."""
    bank = Bank(categories=CATEGORIES, scenes=SCENES, limits=[{"id": "none", "count_max": 0, "window": "day", **limit}])
    bank.send(set_token(4, channels=sum(1 << channel for channel in Channel)))
    return bank


@pytest.mark.parametrize(("where", "inside", "outside"), FILTERS)
def test_a_limit_is_about_what_its_filter_says(where, inside, outside):
    """All that it names, and nothing beside it."""
    bank = a_bank(where=where)
    for number, values in enumerate(outside, 1):
        assert bank.send(tap(number, 100, **values)) is Reason.APPROVED, values
        assert bank.findings.limits[0]["reached"] == 0
    for number, values in enumerate(inside, 50):
        assert bank.send(tap(number, 100, **values)) is Reason.EXCEEDS_LIMIT, values


@pytest.mark.parametrize(("where", "inside", "outside"), FILTERS)
def test_a_meter_counts_what_its_filter_says(where, inside, outside):
    """A rule's count, too: what came before is counted as it was, whatever comes now."""
    when = {"attribute": "count_day", "operator": ">=", "value": len(inside), "of": "account", "where": where}
    bank = Bank(
        categories=CATEGORIES, scenes=SCENES, rules=[{"id": "many", "state": "live", "when": when, "action": "decline"}]
    )
    bank.send(set_token(4, channels=sum(1 << channel for channel in Channel)))
    for number, values in enumerate([*outside, *inside], 1):
        assert bank.send(tap(number, 100, **values)) is Reason.APPROVED, values
    assert bank.send(tap(50, 100)) is Reason.SUSPECTED_FRAUD


EMPTY = [
    {"scenes": ["restaurant"], "categories": ["5813"]},
    {"scenes": ["bar"], "needs": ["play"]},
    {"needs": ["play"], "categories": ["5411"]},
]


@pytest.mark.parametrize("where", EMPTY, ids=str)
def test_a_scene_with_none_of_the_categories(where):
    """Nothing fits both, so that nothing is declined, and nothing counted."""
    bank = a_bank(where=where)
    for number, code in enumerate((5411, 5812, 5813, 5814, 7995, 9999), 1):
        assert bank.send(tap(number, 100, merchant_category=code)) is Reason.APPROVED
        assert bank.findings.limits[0]["reached"] == 0
    when = {"attribute": "count_day", "operator": ">", "value": 0, "where": where}
    bank.use(scenes=SCENES, rules=[{"id": "any", "state": "live", "when": when, "action": "decline"}])
    assert bank.send(tap(50, 100)) is Reason.APPROVED


def test_scenes_of_a_later_program():
    """Count what came before, as they are drawn now."""
    bank = Bank()
    for number, code in enumerate((5812, 5813, 7995), 1):
        assert bank.send(tap(number, 100, merchant_category=code)) is Reason.APPROVED
    when = {"attribute": "count_day", "operator": ">=", "value": 2, "where": {"needs": ["dining"]}}
    rule = {"id": "dined", "state": "live", "when": when, "action": "decline"}
    bank.use(scenes=SCENES, rules=[rule])
    assert bank.send(tap(4, 100)) is Reason.SUSPECTED_FRAUD
    bank.use(scenes=[SCENES[0] | {"categories": [["5812", "5812"]]}], rules=[rule])
    assert bank.send(tap(5, 100)) is Reason.APPROVED


def two_segments(**document):
    """A bank whose account 7 (token 700) is in segment 7, and account 8 (token 800) in segment 8."""
    bank = Bank(**document)
    for notice in (set_account(4, 7, segment=7), set_account(5, 8, segment=8), set_card(6, 80, 8)):
        bank.send(notice)
    bank.send(set_token(7, 800, 80, 8))
    return bank


@pytest.mark.parametrize("where", [{"segments": [7]}, {"segments": [3, 7, 255], "channels": ["contactless"]}])
def test_a_limit_of_each_account_in_a_segment(where):
    """It counts by account, for those in the segment alone; one that moves comes with all that it has done."""
    bank = two_segments(limits=[{"id": "two", "window": "day", "count_max": 2, "where": where}])
    bank.send(set_account(8, 9, segment=7))
    bank.send(set_card(9, 90, 9))
    bank.send(set_token(10, 900, 90, 9))
    for number in (1, 2, 3):
        assert bank.send(tap(number, 100, 800)) is Reason.APPROVED
        assert bank.findings.limits[0]["reached"] == 0
    for pan in (700, 900):
        assert bank.send(tap(1, 100, pan)) is Reason.APPROVED
        assert bank.send(tap(2, 100, pan)) is Reason.APPROVED
        assert bank.send(tap(3, 100, pan)) is Reason.EXCEEDS_LIMIT
    bank.send(set_account(11, 7, segment=8))
    bank.send(set_account(12, 8, segment=7))
    assert bank.send(tap(4, 100)) is Reason.APPROVED
    assert bank.send(tap(4, 100, 800)) is Reason.EXCEEDS_LIMIT
    assert (bank.findings.limits[0]["seen"], bank.findings.limits[0]["bound"]) == (4, 2)


def test_a_bound_on_each_transaction_of_a_segment():
    """A limit that counts nothing asks for the segment, too."""
    alone = {"window": "transaction", "amount_max": 1_000, "currency": "EUR", "where": {"segments": [7]}}
    bank = two_segments(limits=[{"id": "small", **alone}])
    assert bank.send(tap(1, 1_001)) is Reason.EXCEEDS_LIMIT
    assert bank.send(tap(1, 1_001, 800)) is Reason.APPROVED


def test_the_sum_of_one_segment():
    """A limit of scope segment that names segments is about the sum of each of them, and of no other."""
    limit = {"id": "sum", "scope": "segment", "window": "day", "count_max": 1, "where": {"segments": [7]}}
    bank = two_segments(limits=[limit])
    reasons = [bank.send(tap(number, 100, pan)) for number in (1, 2) for pan in (700, 800)]
    assert reasons == [Reason.APPROVED, Reason.APPROVED, Reason.EXCEEDS_LIMIT, Reason.APPROVED]


@pytest.mark.parametrize("of", ["account", "card", "token", "segment"])
def test_a_rule_counts_nothing_outside_of_its_segments(of):
    """Whatever has come before; where the account comes into one of them, all that its subject has done is counted."""
    when = {"attribute": "amount_day", "operator": ">=", "value": 150, "of": of, "where": {"segments": [7]}}
    bank = two_segments(rules=[{"id": "much", "state": "live", "when": when, "action": "decline"}])
    for number in (1, 2, 3):
        assert bank.send(tap(number, 100, 800)) is Reason.APPROVED
    assert [bank.send(tap(number, 100)) for number in (1, 2, 3)] == [
        Reason.APPROVED, Reason.APPROVED, Reason.SUSPECTED_FRAUD,
    ]  # fmt: skip
    bank.send(set_account(8, 8, segment=7))
    assert bank.send(tap(4, 100, 800)) is Reason.SUSPECTED_FRAUD


def test_a_limit_in_one_currency():
    """Is about accounts that are kept in it."""
    bank = a_bank(window="transaction", amount_max=1_000, count_max=None, currency="EUR")
    for notice in (set_account(5, 8, currency=USD), set_card(6, 80, 8), set_token(7, 800, 80, 8)):
        bank.send(notice)
    assert bank.send(tap(1, 1_001)) is Reason.EXCEEDS_LIMIT
    assert bank.send(tap(1, 1_001, pan=800, currency=USD, signed_currency=USD)) is Reason.APPROVED
    assert bank.send(tap(2, 1_000, currency=EUR)) is Reason.APPROVED
