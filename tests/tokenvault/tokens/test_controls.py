"""Controls of a cardholder: they tighten the token's domain, and never loosen it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokenvault.phones import Phone
from tests.tokenvault.stories import ask, new_card
from tokenvault.events import outbox
from tokenvault.program.token_domain import CHANNELS, DomainWish, TokenDomain
from tokenvault.tokens.controls import change_controls, is_frozen
from tokenvault.tokens.lifecycle import Change, Initiator
from tokenvault.tokens.token_activation import activate_token
from tokenvault.tokens.token_changes import change_token
from tokenvault.tokens.tokens import find_token
from tokenvault.vocabulary.errors import Conflict, FieldError, Forbidden

COUNTRIES = ("156", "276", "040", "840", "392")
SETS = st.frozensets(st.sampled_from(CHANNELS), min_size=1)
LANDS = st.frozensets(st.sampled_from(COUNTRIES), max_size=4)
LIMITS = st.none() | st.integers(1, 1_000)
DOMAINS = st.builds(TokenDomain, SETS, st.none() | st.just("SHOP00000000001"), LANDS, LIMITS)
WISHES = st.builds(DomainWish, st.none() | SETS, st.none(), st.none() | LANDS, LIMITS)


@pytest.fixture
def active(vault, phone):
    """A token that pays contactless in Germany and Austria, up to 500.00."""
    device, card = phone.register(), new_card(vault)
    wish = DomainWish(frozenset({"contactless"}), None, frozenset({"276", "040"}), 50_000)
    token = ask(vault, phone, card, device, wish=wish)
    return activate_token(vault, phone.proven(), token.text_id).token.text_id


@pytest.fixture
def control(vault, phone, active):
    """Changes the controls of the token by its own phone."""

    def changed(frozen=None, **restrictions):
        return change_controls(vault, phone.proven(), active, frozen=frozen, restrictions=restrictions)

    return changed


@given(domain=DOMAINS, wish=WISHES)
def test_what_is_usable_lies_in_the_domain(domain, wish):
    """Whatever is asked for: refused, or within."""
    try:
        usable = domain.narrowed(wish)
    except FieldError:
        return
    assert usable.channels <= domain.channels
    assert usable.merchant_id == domain.merchant_id
    assert not domain.countries or (usable.countries and usable.countries <= domain.countries)
    if domain.transaction_limit_minor is not None:
        assert usable.transaction_limit_minor <= domain.transaction_limit_minor


@given(wish=WISHES)
def test_restrictions_are_kept_as_they_are(wish):
    """As columns and back."""
    assert DomainWish.of_columns(wish.columns()) == wish


def test_restrictions_come_and_go(vault, control, active):
    """Each by itself; the engine is told of what is usable, and the domain stays what it was."""
    domain = find_token(vault, active).domain
    control(countries=frozenset({"276"}))
    token = control(transaction_limit_minor=1_000)
    assert (token.usable_domain.countries, token.usable_domain.transaction_limit_minor) == (frozenset({"276"}), 1_000)
    last = list(outbox.entries_after(vault.database, 0))[-1].notice
    assert (last.countries, last.transaction_limit_minor) == (["276"], 1_000)
    assert token.domain == domain
    token = control(countries=None, transaction_limit_minor=None)
    assert token == find_token(vault, active)
    assert (token.usable_domain, token.controls) == (domain, None)
    assert list(outbox.entries_after(vault.database, 0))[-1].notice.transaction_limit_minor == 50_000


@pytest.mark.parametrize(
    ("field", "restrictions"),
    [
        ("channels", {"channels": frozenset({"contactless", "qr_code"})}),
        ("countries", {"countries": frozenset({"276", "840"})}),
        ("countries", {"countries": frozenset()}),
        ("transaction_limit", {"transaction_limit_minor": 50_001}),
        ("transaction_limit", {"transaction_limit_minor": 0}),
    ],
)
def test_what_would_loosen_is_refused(vault, control, active, field, restrictions):
    """By its field, and all of the change with it."""
    before = find_token(vault, active)
    with pytest.raises(FieldError) as refused:
        control(frozen=True, **restrictions)
    assert refused.value.fields[0][0] == field
    assert find_token(vault, active) == before


def test_the_lock_is_the_cardholders_own(vault, control, active):
    """Beside the issuer's suspension: neither opens the other's."""
    assert is_frozen(control(frozen=True))
    change_token(vault, active, Change.SUSPEND, Initiator.ISSUER)
    token = control(frozen=False)
    assert (is_frozen(token), token.state, token.suspended_by) == (False, "suspended", ["issuer"])
    assert not is_frozen(control(frozen=False))
    control(frozen=True)
    change_token(vault, active, Change.RESUME, Initiator.ISSUER)
    assert find_token(vault, active).suspended_by == ["cardholder"]


def test_what_changes_nothing_tells_nobody(vault, control):
    """No notice and no event."""
    control(countries=frozenset({"276"}))
    before = list(outbox.entries_after(vault.database, 0))
    control(frozen=False, countries=frozenset({"276"}), transaction_limit_minor=None)
    assert list(outbox.entries_after(vault.database, 0)) == before


def test_a_token_that_has_ended_is_controlled_by_nobody(vault, control, active):
    """As one that was not activated yet."""
    change_token(vault, active, Change.DEACTIVATE, Initiator.WALLET)
    with pytest.raises(Conflict):
        control(frozen=True)


def test_another_device_controls_nothing(vault, active):
    """However genuine it is."""
    stranger = Phone(vault)
    stranger.register()
    with pytest.raises(Forbidden):
        change_controls(vault, stranger.proven(), active, frozen=True, restrictions={})
