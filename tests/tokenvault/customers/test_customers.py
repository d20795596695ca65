"""Customers: known by what they have identified with, which is kept nowhere."""

from datetime import date

import pytest

from tests.tokenvault.customers.applicants import document, new_customer
from tests.tokenvault.stories import event_types, rows
from tokenvault.callers.caller import Caller, Scope, current_caller
from tokenvault.customers.customers import find_customer, list_customers, register_customer
from tokenvault.vocabulary.errors import Conflict, FieldError, NotFound

NUMBER = "E12345678"


@pytest.fixture
def acting():
    """Acts as an issuer of this name from then on."""
    token = current_caller.set(current_caller.get())
    yield lambda tenant: current_caller.set(Caller(f"key of {tenant}", frozenset({Scope.ISSUER}), tenant))
    current_caller.reset(token)


def test_a_customer_is_found_again(vault):
    """By identifier and by the issuer's own name."""
    customer = new_customer(vault, NUMBER, reference="C-1", life_stage=3)
    assert find_customer(vault, customer.text_id) == customer
    assert list_customers(vault, limit=9, reference="C-1") == [customer]
    assert list_customers(vault, limit=9, reference="C-2") == []
    assert event_types(vault, customer.text_id) == ["customer.registered"]


def test_the_document_is_kept_nowhere(vault):
    """Not in the row, and not in what is told of it."""
    new_customer(vault, NUMBER)
    kept = [rows(vault, table) for table in ("customers", "events", "audit_entries", "outbox")]
    assert NUMBER not in repr(kept).upper()


def test_one_document_is_one_customer(vault, acting):
    """Of each issuer."""
    acting("ada")
    customer = new_customer(vault, NUMBER)
    with pytest.raises(Conflict) as refused:
        new_customer(vault, NUMBER.lower())
    assert (refused.value.code, customer.text_id in refused.value.message) == ("customer_exists", True)
    acting("bob")
    assert new_customer(vault, NUMBER).id != customer.id
    with pytest.raises(NotFound):
        find_customer(vault, customer.text_id)
    assert len(list_customers(vault, limit=9)) == 1


@pytest.mark.parametrize("born", [date(1899, 12, 31), date(2200, 1, 1)])
def test_a_birth_date_that_cannot_be(vault, born):
    """Before anybody's who lives, or after today."""
    with pytest.raises(FieldError) as refused:
        register_customer(vault, document=document(), birth_date=born)
    assert refused.value.field == "birth_date"
