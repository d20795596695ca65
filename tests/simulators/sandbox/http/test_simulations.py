"""What the sandbox simulates, over its own API: the clock, declines on demand, an issuer that is down."""

import httpx
import pytest

from authz.kernel.checks.forcing import TEST_AMOUNT_BASE
from authz.vocabulary.reasons import ANSWERS, DECLINES, Reason
from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer
from simulators.sandbox.wiring import running_sandbox
from tests.conftest import settings_for
from tests.integration.shops import open_shop


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A network of one's own: these tests change what others would see. The clock comes last."""
    with running_sandbox(settings_for(tmp_path_factory.mktemp("simulations") / "data")) as sandbox:
        yield sandbox


@pytest.fixture
def http(network):
    """A client that may do everything."""
    headers = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
    with httpx.Client(base_url=network.http_url, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def shop(network):
    """A shop of one's own."""
    with open_shop(network) as opened:
        yield opened


def test_the_clock_stays_ahead_after_a_restart(tmp_path):
    """Time that has passed in the sandbox does not come again."""
    headers = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
    times, settings = [], settings_for(tmp_path / "data")
    for seconds in (86_400, 0):
        with running_sandbox(settings) as sandbox:
            answer = httpx.post(
                f"{sandbox.http_url}/v1/simulations/clock", json={"advance_seconds": seconds}, headers=headers
            )
            times.append(answer.json()["now"])
    assert times[1] >= times[0]


@pytest.mark.parametrize("reason", DECLINES, ids=lambda reason: reason.code)
def test_every_decline_can_be_forced(http, shop, reason):
    """By token, and by amount: the answer has its DE 39, and the decision its reason."""
    _, account, phone, terminal = shop
    asked = http.post("/v1/simulations/forced_declines", json={"token_id": phone.token_id, "reason": reason.code})
    assert asked.json() == {"reason": reason.code, "response_code": ANSWERS[reason].response_code, "waiting": 1}
    for amount in (1_000, TEST_AMOUNT_BASE + reason):
        receipt = terminal.pay(phone, amount)
        assert receipt.answer[39] == ANSWERS[reason].response_code
        decision = http.get(f"/v1/authorizations/{receipt.authorization_id}").json()
        assert (decision["reason"], decision["advice"]) == (reason.code, ANSWERS[reason].advice)
    assert http.get(f"/v1/accounts/{account}").json()["held"] == 0
    assert terminal.pay(phone, 1_000).approved


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"token_id": "tok_05F1V9D8S3KYA", "reason": "bad_mood"}, "reason"),
        ({"reason": "lost_card"}, "body"),
        ({"terminal": "TOO LONG A NAME", "reason": "lost_card"}, "terminal"),
        ({"terminal": "T", "token_id": "tok_05F1V9D8S3KYA", "reason": "lost_card"}, "body"),
    ],
)
def test_bad_requests_are_named(http, body, field):
    """A field that is wrong is named, and nothing waits."""
    refused = http.post("/v1/simulations/forced_declines", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


def test_stand_in_and_reconciliation(http, shop):
    """While the issuer is down stand-in decides; when it is back it takes over what was approved."""
    _, account, phone, terminal = shop
    assert http.post("/v1/simulations/issuer", json={"reachable": False}).json()["reachable"] is False
    approved, refused = terminal.pay(phone, 5_000), terminal.pay(phone, 5_001)
    assert (approved.answer[39], refused.answer[39]) == ("00", "05")
    decision = http.get(f"/v1/authorizations/{refused.authorization_id}").json()
    assert decision["reason"] == "declined_by_stand_in"
    assert decision["checks"][-1]["name"] == "stand_in"
    assert http.get("/v1/simulations/issuer").json() == {
        "reachable": False,
        "stored_advices": 2,
        "forwarded_advices": 0,
    }
    assert http.get(f"/v1/accounts/{account}").json()["held"] == 0
    assert http.post("/v1/simulations/issuer", json={"reachable": True}).json()["forwarded_advices"] == 2
    assert http.get(f"/v1/accounts/{account}").json()["held"] == 5_000


def test_the_clock_goes_forward_and_stands(http, shop):
    """Holds end when their time is up, tokens expire, and phones prove themselves by real time all the same."""
    _, account, phone, terminal = shop
    terminal.pay(phone, 1_000)
    assert http.get(f"/v1/accounts/{account}").json()["held"] == 1_000
    before = http.post("/v1/simulations/clock", json={"frozen": True}).json()
    assert before["frozen"]
    assert http.get("/v1/simulations/clock").json()["now"] == before["now"]
    later = http.post("/v1/simulations/clock", json={"advance_seconds": 8 * 86_400, "frozen": False}).json()
    assert not later["frozen"]
    assert http.get(f"/v1/accounts/{account}").json()["held"] == 0
    refused = http.post("/v1/simulations/clock", json={"set_to": "2020-01-01T00:00:00Z"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "set_to")
    assert terminal.pay(phone, 1_000).approved
    with Issuer(http.base_url) as issuer:
        phone.provision(issuer.issue_card(account)["id"])
    assert http.post("/v1/simulations/clock", json={"set_to": "2060-01-01T00:00:00Z"}).status_code == 200
    assert terminal.pay(phone, 1_000).answer[39] == ANSWERS[Reason.TOKEN_EXPIRED].response_code
