"""``/v1/products``: what can be applied for."""

import pytest

from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer, IssuerRefused

PRODUCTS = [
    {"number": 7, "id": "student_card", "terms": {"grace_days": 25, "late_fee": {"ppm": 50_000, "min": 0}}},
    {"number": 1, "id": "phone_card"},
]


@pytest.fixture
def version(bank):
    """The program with these products; its version."""
    with Issuer(bank.network.http_url, sandbox_constants.SANDBOX_API_KEY) as operator:
        before = operator.call("GET", "/v1/program")["document"]
        yield operator.call("PUT", "/v1/program", before | {"products": PRODUCTS})["version"]
        operator.call("PUT", "/v1/program", before)


@pytest.fixture
def call(bank):
    """GET /v1/products with a key."""

    def asked(key):
        with Issuer(bank.network.http_url, key) as caller:
            return caller.call("GET", "/v1/products")

    return asked


def test_products_are_listed_with_their_terms(version, call):
    """By number, the defaults filled in; who may neither issue nor hold cards does not see them."""
    shown = call(sandbox_constants.ISSUER_API_KEY)
    assert shown["program_version"] == version
    assert [(each["number"], each["id"]) for each in shown["data"]] == [(1, "phone_card"), (7, "student_card")]
    first, second = (each["terms"] for each in shown["data"])
    assert (first["grace_days"], second["grace_days"]) == (20, 25)
    assert (first["late_fee"]["min"], second["late_fee"]["min"]) == (1_000, 0)
    assert call(sandbox_constants.WALLET_API_KEY) == shown
    with pytest.raises(IssuerRefused) as refused:
        call(sandbox_constants.NETWORK_API_KEY)
    assert refused.value.status == 403
