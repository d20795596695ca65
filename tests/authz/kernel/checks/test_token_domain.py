"""What few tokens have: a merchant, countries and a limit of their own, and keys for a few taps."""

import numpy as np
import pytest

from authz.arrays.hash_index import text_key
from authz.journal.replay import apply_batch
from authz.kernel.checks.numbers import Check
from authz.state.tables import new_state
from authz.vocabulary.commands import COUNTRY_BITS, Kind
from authz.vocabulary.reasons import Reason
from authz.vocabulary.states import CardState
from tests.authz.commands import command, opening, set_card, set_token, tap

GERMANY, FRANCE = 276, 250
SECOND = 1_000_000
NOW = int(tap(1)["time_us"][0]) // SECOND


@pytest.fixture
def state():
    """One account, card and token."""
    return apply_batch(new_state(16), opening())[0]


def _decide(state, *batches):
    for batch in batches:
        state, results, findings = apply_batch(state, batch)
    return state, Reason(results[-1]["reason"]), findings


def _key(sequence, index, *, until=NOW + 3600, uses=2):
    return command(
        Kind.SET_LIMITED_USE_KEY,
        outbox_sequence=sequence,
        token_pan=700,
        limited_use_key=index,
        key_until=until,
        key_uses=uses,
    )


def _merchant(name):
    return text_key(np.frombuffer(name, np.uint8), 0, len(name))


@pytest.mark.parametrize(
    ("domain", "message", "reason"),
    [
        ({"merchant_key": 77}, {"merchant_key": 77}, Reason.APPROVED),
        ({"merchant_key": 77}, {"merchant_key": 78}, Reason.MERCHANT_NOT_ALLOWED),
        ({"countries": GERMANY | FRANCE << COUNTRY_BITS}, {"country": FRANCE}, Reason.APPROVED),
        ({"countries": GERMANY << 3 * COUNTRY_BITS}, {"country": GERMANY}, Reason.APPROVED),
        ({"countries": GERMANY}, {"country": FRANCE}, Reason.COUNTRY_NOT_ALLOWED),
        ({"countries": GERMANY}, {"country": 0}, Reason.COUNTRY_NOT_ALLOWED),
        ({"amount_max_minor": 1_250}, {"amount": 1_250}, Reason.APPROVED),
        ({"amount_max_minor": 1_250}, {"amount": 1_251}, Reason.EXCEEDS_LIMIT),
        ({"merchant_key": 1}, {"merchant_key": 2}, Reason.MERCHANT_NOT_ALLOWED),
        ({"countries": 1}, {"country": 2}, Reason.COUNTRY_NOT_ALLOWED),
        ({"amount_max_minor": 1}, {"amount": 2}, Reason.EXCEEDS_LIMIT),
    ],
)
def test_domain(state, domain, message, reason):
    """A token pays within its domain only, and anywhere again when the domain is taken away."""
    state, found, _ = _decide(state, set_token(4, **domain), tap(1, **message))
    assert found is reason
    _, found, _ = _decide(state, set_token(5), tap(2, **message))
    assert found is Reason.APPROVED


def test_a_closed_card(state):
    """A closed card is told from a frozen one."""
    assert _decide(state, set_card(4, state=CardState.CLOSED), tap(1))[1] is Reason.CARD_CLOSED


def test_a_key_is_good_for_so_many_taps(state):
    """The last tap of a key is approved, the next is not; a new key pays again."""
    state, found, _ = _decide(state, _key(4, 6000100), tap(1, limited_use_key=6000100), tap(2, limited_use_key=6000100))
    assert found is Reason.APPROVED
    state, found, findings = _decide(state, tap(3, limited_use_key=6000100))
    assert found is Reason.LIMITED_USE_KEY_USED_UP
    assert findings.checks[Check.LIMITED_USE_KEY]["bound"] == 0
    state, found, _ = _decide(state, _key(5, 6000101), tap(4, limited_use_key=6000101))
    assert found is Reason.APPROVED


def test_the_key_before_may_be_used_up(state):
    """A phone that has not taken its new key into use pays with the one before, but not with the one before that."""
    state, _, _ = _decide(state, _key(4, 1), _key(5, 2), tap(1, limited_use_key=1))
    state, found, _ = _decide(state, tap(2, limited_use_key=1))
    assert found is Reason.APPROVED
    assert _decide(state, tap(3, limited_use_key=1))[1] is Reason.LIMITED_USE_KEY_USED_UP
    state, _, _ = _decide(state, _key(6, 3))
    assert _decide(state, tap(4, limited_use_key=1))[1] is Reason.LIMITED_USE_KEY_EXPIRED
    assert _decide(state, tap(5, limited_use_key=2))[1] is Reason.APPROVED


@pytest.mark.parametrize(("until", "reason"), [(1, Reason.APPROVED), (0, Reason.LIMITED_USE_KEY_EXPIRED)])
def test_a_key_ends(state, until, reason):
    """A key that ends at this very moment is over."""
    assert _decide(state, _key(4, 1, until=NOW + until), tap(1, limited_use_key=1))[1] is reason


def test_a_decline_later_on_has_used_the_key(state):
    """What the cryptogram proves is spent, whatever the account says."""
    state, _, _ = _decide(state, _key(4, 1, uses=1), tap(1, amount=60_000, limited_use_key=1))
    assert _decide(state, tap(2, limited_use_key=1))[1] is Reason.LIMITED_USE_KEY_USED_UP


def test_the_card_key_is_no_key_of_such_a_token(state):
    """A message that names no key does not pass for one that does."""
    assert _decide(state, _key(4, 1), tap(1))[1] is Reason.LIMITED_USE_KEY_EXPIRED


def test_stand_in_knows_domain_and_keys(state):
    """The network checks what is the network's own while the issuer is down."""
    down = command(Kind.SWITCH_ISSUER, is_down=1)
    state, _, _ = _decide(state, set_token(4, amount_max_minor=1_000), _key(5, 1, uses=2), down)
    assert _decide(state, tap(1, amount=1_001, limited_use_key=1))[1] is Reason.EXCEEDS_LIMIT
    state, found, _ = _decide(state, tap(2, amount=900, limited_use_key=1))
    assert found.is_approval
    assert _decide(state, tap(3, amount=900, limited_use_key=1))[1] is Reason.LIMITED_USE_KEY_USED_UP


def test_merchants_are_compared_whole():
    """Names that begin alike are not the same merchant."""
    assert _merchant(b"CAFE00000000001") != _merchant(b"CAFE00000000002")
