"""Wallets and merchants that may ask for tokens: registered, found, listed."""

import itertools

import pytest

from simulators.parties import sandbox_constants
from tests.tokenvault.stories import rows
from tokenvault.program.card_program import RequestorKind
from tokenvault.program.token_domain import TokenDomain
from tokenvault.tokens.token_requestors import (
    add_requestor,
    find_requestor,
    install,
    list_requestors,
    requestor_in,
)
from tokenvault.vocabulary.errors import Conflict, FieldError, NotFound

SHOP = TokenDomain(frozenset({"e_commerce"}), "SHOP-1", frozenset({"276"}), 10_000)


def test_a_requestor_is_kept_as_it_was_registered(vault):
    """Name, kind and domain come back; its identifier has the provider's code and eight digits more."""
    added = add_requestor(vault, name="A shop", kind=RequestorKind.MERCHANT, domain=SHOP)
    assert (added.name, added.kind, added.domain) == ("A shop", RequestorKind.MERCHANT, SHOP)
    assert len(added.identifier) == 11
    assert added.identifier.startswith(vault.program.service_provider_code)
    assert find_requestor(vault, added.identifier) == added
    [row] = [row for row in rows(vault, "token_requestors") if row.identifier == added.identifier]
    assert row.created_at == vault.now()
    [entry] = [row for row in rows(vault, "audit_entries") if row.action == "token_requestor.added"]
    assert (entry.resource_id, entry.details["name"]) == (added.identifier, "A shop")


def test_all_are_listed_by_identifier(vault):
    """Those of the program and those that came later; opening the vault again adds none twice."""
    for number in range(3):
        add_requestor(vault, name=f"Shop {number}", kind=RequestorKind.MERCHANT, domain=SHOP)
    install(vault)
    listed = [requestor.identifier for requestor in list_requestors(vault)]
    assert len(listed) == 5
    assert listed == sorted(listed)
    assert {sandbox_constants.TOKEN_REQUESTOR_ID, sandbox_constants.MERCHANT_REQUESTOR_ID} < set(listed)


def test_a_number_that_is_taken_is_drawn_again(vault, monkeypatch):
    """Thirty-two draws; then the identifiers are as good as used up."""
    free_digits = 8
    drawn = iter([7] * 33 + [8])
    asked = []

    def draw(_self, below):
        asked.append(below)
        return next(drawn)

    monkeypatch.setattr(type(vault), "random_below", draw)
    first = add_requestor(vault, name="A shop", kind=RequestorKind.MERCHANT, domain=SHOP)
    assert first.identifier.endswith("00000007")
    with pytest.raises(Conflict) as refused:
        add_requestor(vault, name="B shop", kind=RequestorKind.MERCHANT, domain=SHOP)
    assert refused.value.code == "identifiers_exhausted"
    assert len(asked) == 33
    assert set(asked) == {10**free_digits}
    second = add_requestor(vault, name="B shop", kind=RequestorKind.MERCHANT, domain=SHOP)
    assert second.identifier.endswith("00000008")
    assert list(itertools.islice(drawn, 1)) == []


def test_unknown_requestors(vault):
    """As a field of a request it is a bad field; as a resource it is not found, and the text is not echoed."""
    with vault.reading() as connection, pytest.raises(FieldError) as refused:
        requestor_in(connection, "99900000009")
    assert refused.value.field == "token_requestor_id"
    with pytest.raises(NotFound) as refused:
        find_requestor(vault, "9" * 5_000)
    assert str(refused.value) == "there is no token requestor with this identifier"
