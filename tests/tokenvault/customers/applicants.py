"""Customers who apply."""

from datetime import date

from tokenvault.customers.applying import ApplicationRequest, apply
from tokenvault.customers.customers import register_customer
from tokenvault.customers.identity import DocumentKind, IdentityDocument

PRODUCT = 1


def document(number="force_score_720", **changes):
    """An identity document."""
    return IdentityDocument(**{"kind": DocumentKind.PASSPORT, "country": "156", "number": number} | changes)


def new_customer(vault, number="force_score_720", **changes):
    """A customer of thirty with an identity document of this number."""
    return register_customer(vault, **{"document": document(number), "birth_date": date(1996, 5, 17)} | changes)


def asked(customer, **changes):
    """An application from an open city."""
    values = {"customer_id": customer.text_id, "product": PRODUCT, "channel": "app", "city": "Shanghai"}
    return ApplicationRequest(**values | changes)


def applied(vault, number="force_score_720", **changes):
    """What becomes of a new customer's application."""
    return apply(vault, asked(new_customer(vault, number), **changes))
