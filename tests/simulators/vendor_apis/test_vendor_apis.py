"""Routers shaped like vendors' services: the wallet path of a token service, and an issuer-processor's simulations."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
import structlog

from simulators.parties import sandbox_constants
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.testkit.kit import TestKit
from simulators.vendor_apis import issuer_processor, token_service
from simulators.wallet.phone import WalletRefused

SANDBOX = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}


class Wallet(BaseHTTPRequestHandler):
    """A wallet's server that hears notifications."""

    def do_POST(self):
        """Take one."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, json.loads(body)))
        self.server.arrived.release()
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def wallet_server():
    """It listens."""
    with HTTPServer(("127.0.0.1", 0), Wallet) as server:
        server.heard, server.arrived = [], threading.Semaphore(0)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def kit(wallet_server):
    """A network with vendor APIs."""
    url = f"http://127.0.0.1:{wallet_server.server_port}"
    with (
        scratch_sandbox(vendor_apis=True, vendor_apis_notify_url=url) as sandbox,
        TestKit(sandbox.http_url, sandbox.iso_address) as made,
    ):
        yield made


@pytest.fixture
def http(kit):
    """A bare client."""
    with httpx.Client(base_url=kit.http_url, headers=SANDBOX, trust_env=False) as client:
        yield client


def test_they_are_off_by_default(sandbox):
    """A server that was not told mounts none."""
    path = f"{sandbox.http_url}{token_service.PREFIX}/getToken"
    assert httpx.post(path, json={}, headers=SANDBOX, trust_env=False).status_code == 404


class Digital:
    """A wallet app that calls the token service's mock API, each call signed by its phone."""

    def __init__(self, kit, card, prefix=token_service.PREFIX):
        self.phone, self.card, self.prefix = kit.bare_phone(), card, prefix
        self.phone.register()

    def call(self, operation, **body):
        """One call; returns the whole answer."""
        path = f"{self.prefix}/{operation}"
        return self.phone.call("POST", path, {"requestId": "r-1", **body})

    def digitize(self, **more):
        """Ask for a token."""
        return self.call(
            "digitize",
            tokenType="EMBEDDED_SE",
            tokenRequestorId=sandbox_constants.TOKEN_REQUESTOR_ID,
            paymentAppInstanceId=self.phone.device_id,
            fundingAccountInfo={"panUniqueReference": self.card},
            **more,
        )


def test_digitize_and_pay(kit, wallet_server):
    """Approved at once; the credentials go to the device; it pays; the wallet's server hears of every change."""
    wallet = Digital(kit, kit.card())
    eligible = wallet.call(
        "checkEligibility",
        tokenType="EMBEDDED_SE",
        tokenRequestorId=sandbox_constants.TOKEN_REQUESTOR_ID,
        paymentAppInstanceId=wallet.phone.device_id,
        fundingAccountInfo={"panUniqueReference": wallet.card},
    )
    assert eligible["termsAndConditionsAssetId"]
    told = wallet.digitize()
    assert (told["decision"], told["authenticationMethods"], told["responseId"]) == ("APPROVED", [], "r-1")
    reference = told["tokenUniqueReference"]
    assert len(told["tokenInfo"]["accountPanSuffix"]) == 4
    given = wallet.call("provision", tokenUniqueReference=reference)
    wallet.phone.token_id = reference
    wallet.phone._secure_element.install(given["sealedCredentials"], given["hpkeInfo"])
    assert kit.terminal().pay(wallet.phone, 1_250).approved
    references = {"tokenUniqueReferences": [reference]}
    with pytest.raises(WalletRefused):
        wallet.call("suspend", tokenUniqueReferences=[reference, "tok_0000000000001"])
    assert wallet.call("getToken", tokenUniqueReference=reference)["token"]["status"] == "ACTIVE"
    assert wallet.call("suspend", **references)["tokens"] == [
        {"tokenUniqueReference": reference, "status": "SUSPENDED"}
    ]
    assert wallet.call("getToken", tokenUniqueReference=reference)["token"]["suspendedBy"] == ["CARDHOLDER"]
    assert wallet.call("unsuspend", **references)["tokens"][0]["status"] == "ACTIVE"
    assert wallet.call("delete", **references)["tokens"][0]["status"] == "DEACTIVATED"
    for _ in range(4):
        assert wallet_server.arrived.acquire(timeout=10)
    paths, bodies = zip(*wallet_server.heard[-4:], strict=True)
    assert set(paths) == {"/notifyTokenUpdated"}
    assert {body["tokens"][0]["tokenUniqueReference"] for body in bodies} == {reference}


def test_with_a_code(kit):
    """The yellow path in the original's words: a wrong code is a result."""
    wallet = Digital(kit, kit.card(text_message="+4915123456789"))
    told = wallet.digitize(decisioningData={"deviceScore": 2})
    assert told["decision"] == "REQUIRE_ADDITIONAL_AUTHENTICATION"
    assert told["authenticationMethods"][0]["type"] == "TEXT_TO_CARDHOLDER_NUMBER"
    about = {"tokenUniqueReference": told["tokenUniqueReference"]}
    wallet.call("requestActivationCode", **about, authenticationMethod={"id": "text_message"})
    sent = kit.issuer.call("GET", f"/v1/simulations/messages?token_id={about['tokenUniqueReference']}")["data"][0]
    code = sent["text"][:6]
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert wallet.call("activate", **about, authenticationCode=wrong)["result"] == "INCORRECT_CODE"
    assert wallet.call("activate", **about, authenticationCode=code)["result"] == "SUCCESS"
    assert wallet.call("getToken", **about)["token"]["status"] == "INACTIVE"


def test_errors_have_the_vendors_shape(http):
    """A field that is missing, and a token that is not there; another device's token is not to be suspended."""
    missing = http.post(f"{token_service.PREFIX}/digitize", json={"requestId": "r"})
    assert missing.status_code == 400
    assert missing.json()["errors"][0]["errorCode"] == "INVALID_FIELD_VALUE"
    body = {"requestId": "r", "tokenUniqueReference": "tok_0000000000001"}
    unknown = http.post(f"{token_service.PREFIX}/getToken", json=body)
    assert (unknown.status_code, unknown.json()["errorCode"]) == (404, "NOT_FOUND")


def test_nobody_suspends_anothers_token(kit, http):
    """A wallet's key alone does not do for a token on a device."""
    phone = kit.phone()
    body = {"requestId": "r", "tokenUniqueReferences": [phone.token_id]}
    refused = http.post(f"{token_service.PREFIX}/suspend", json=body)
    assert refused.status_code in (401, 403)
    assert kit.terminal().pay(phone, 100).approved


def test_simulated_transactions(kit, http):
    """Tokenize, authorize, clear, void: each goes through a real tap and real ISO 8583."""
    account = kit.account()
    card = kit.card(account)
    phone = kit.phone(card)
    pan = http.post(
        "/v1/network/detokenize", json={"token_pan": phone.tap(kit.terminal().start(1).values).track2.pan}
    ).json()["funding_pan"]

    def simulate(what, **body):
        return http.post(f"{issuer_processor.PREFIX}/{what}", json=body)

    token = simulate("tokenizations", pan=pan, cvv="123", tokenization_source="GOOGLE").json()
    assert (token["status"], token["card_token"]) == ("ACTIVE", card)
    paid = simulate("authorize", pan=pan, amount=3_831, descriptor="COFFEE SHOP", mcc="5814").json()
    assert (paid["result"], paid["response_code"]) == ("APPROVED", "00")
    decision = http.get(f"/v1/authorizations/{paid['token']}").json()
    assert (decision["token_id"], decision["merchant_category"]) == (token["token"], "5814")
    assert simulate("clearing", token=paid["token"], amount=3_000).json()["response_code"] == "00"
    other = simulate("authorize", pan=pan, amount=500, descriptor="KIOSK").json()
    assert simulate("void", token=other["token"]).json()["response_code"] == "00"
    at_once = simulate("authorize", pan=pan, amount=70, descriptor="KIOSK", status="FINANCIAL_AUTHORIZATION")
    assert at_once.status_code == 201
    assert (
        simulate("authorize", pan=pan, amount=0, descriptor="ATM", status="BALANCE_INQUIRY").json()["result"]
        == "APPROVED"
    )
    declined = simulate("authorize", pan=pan, amount=99_999_999, descriptor="YACHTS").json()
    assert (declined["result"], declined["response_code"]) == ("DECLINED", "51")
    balance = kit.balance(account)
    assert (balance["posted"], balance["held"]) == (3_070, 0)
    assert simulate("authorize", pan="4111111111111111", amount=1, descriptor="X").status_code == 404
    assert simulate("void", token="auth_0000000000001").status_code == 404


EARLIER_PREFIX = token_service.PREFIX.replace("/vendor-apis/", "/look-alikes/")


def test_earlier_paths_serve_signed_calls(kit):
    """A device's proof names the path that was sent, so a phone that calls by an earlier path gets its token too."""
    wallet = Digital(kit, kit.card(), EARLIER_PREFIX)
    reference = wallet.digitize()["tokenUniqueReference"]
    given = wallet.call("provision", tokenUniqueReference=reference)
    wallet.phone.token_id = reference
    wallet.phone._secure_element.install(given["sealedCredentials"], given["hpkeInfo"])
    assert kit.terminal().pay(wallet.phone, 1_250).approved
    assert wallet.call("suspend", tokenUniqueReferences=[reference])["tokens"][0]["status"] == "SUSPENDED"


def test_earlier_paths_name_their_successor(http):
    """Also where the prefix is percent-encoded; a path that only resembles one is not found."""
    body = {"requestId": "r", "tokenUniqueReference": "tok_0000000000001"}
    now = http.post(f"{token_service.PREFIX}/getToken", json=body)
    assert "link" not in now.headers
    for prefix in (EARLIER_PREFIX, EARLIER_PREFIX.replace("-", "%2D")):
        earlier = http.post(f"{prefix}/getToken", json=body)
        assert (earlier.status_code, earlier.json()) == (now.status_code, now.json())
        assert earlier.headers["link"] == f'<{token_service.PREFIX}/getToken>; rel="successor-version"'
    unknown = http.post("/look-alike/mdes", json=body)
    assert (unknown.status_code, "link" in unknown.headers) == (404, False)


def test_an_earlier_path_is_logged_once_and_only_where_the_host_is_own():
    """A warning for each server, not for each request, and none for a request to a foreign host."""
    with (
        scratch_sandbox(vendor_apis=True) as sandbox,
        httpx.Client(base_url=sandbox.http_url, headers=SANDBOX, trust_env=False) as client,
    ):
        with structlog.testing.capture_logs() as logs:
            refused = client.post(f"{EARLIER_PREFIX}/getToken", json={}, headers={"Host": "foreign.example"})
        assert (refused.status_code, logs) == (421, [])
        with structlog.testing.capture_logs() as logs:
            for _ in range(3):
                client.post(f"{EARLIER_PREFIX}/getToken", json={})
        assert [(line["event"], line["now"]) for line in logs] == [("earlier_path", "/vendor-apis/")]
