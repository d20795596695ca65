"""A bank of one's own for plans and relief, with a product that offers little and one that offers nothing."""

import pytest

from simulators.sandbox.wiring import running_sandbox
from tests.authz.http.books.bank import ZONE, bank_on
from tests.clock import ManualClock
from tests.conftest import settings_for

PRODUCTS = [
    {"number": 1, "id": "phone_card"},
    {
        "number": 2,
        "id": "dear_card",
        "terms": {
            "plans": [{"months": 2, "ppm": 10_000}],
            "early_fee": {"ppm": 0, "min": 77},
            "relief": {"months_max": 1, "interest": "accrues"},
        },
    },
    {"number": 3, "id": "strict_card", "terms": {"plans": [], "relief": {"months_max": 0}}},
    {"number": 4, "id": "card_of_many"},
]
SEGMENTS = [{"number": 5, "id": "gold", "terms": {"plans": [{"months": 9, "ppm": 100}], "relief": {"months_max": 1}}}]


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """A bank that starts on 2026-11-24."""
    clock = ManualClock()
    settings = settings_for(tmp_path_factory.mktemp("bank") / "data")
    with running_sandbox(settings, clock) as network, bank_on(network, clock) as opened:
        program = {"time_zone": ZONE, "products": PRODUCTS, "segments": SEGMENTS}
        opened.kit.issuer.call("PUT", "/v1/program", program)
        yield opened
