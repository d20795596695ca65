"""Simulated phones and terminals over HTTP: what they pay goes through real taps and real ISO 8583."""

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from authz.vocabulary.reasons import ANSWERS, Reason
from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.simulations.belongings import KEPT_MAX
from tests.security.certificates import Authority

ROOT = "/v1/simulations"
TOKEN_PAN = re.compile(rf"{sandbox_constants.TOKEN_BIN}\d{{8}}")


def bearer(key):
    """The header of a caller."""
    return {"Authorization": f"Bearer {key}"}


class Operator:
    """A caller with a sandbox key, and what it makes."""

    def __init__(self, url, key=sandbox_constants.SANDBOX_API_KEY, **options):
        self.url = url
        self.http = httpx.Client(base_url=url, headers=bearer(key), trust_env=False, timeout=60, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.close()

    def call(self, method, path, body=None, status=None, **headers):
        """One call; its answer, which has this status or is a success."""
        answer = self.http.request(method, path, json=body, headers=headers)
        assert answer.is_success if status is None else answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def post(self, path, status=None, **body):
        """Make something of `/v1/simulations`, or change it."""
        return self.call("POST", ROOT + path, body, status)

    def account(self, credit_limit=250_000):
        """A new account's identifier."""
        return self.call("POST", "/v1/accounts", {"currency": "EUR", "credit_limit": credit_limit})["id"]

    def card(self, account=None, **contacts):
        """A new card's."""
        body = {"account_id": account or self.account(), "contact_points": contacts}
        return self.call("POST", "/v1/cards", body)["id"]

    def phone(self, account=None, **more):
        """A new phone with an active token."""
        return self.post("/phones", card_id=self.card(account), **more)

    def pay(self, phone, amount=1_250, **more):
        """A payment by one call."""
        return self.post("/authorizations", token_id=phone["token_id"], amount=amount, **more)

    def clear(self):
        """Delete all phones."""
        for phone in self.call("GET", f"{ROOT}/phones?limit=100")["data"]:
            self.call("DELETE", f"{ROOT}/phones/{phone['id']}", status=204)

    def balance(self, account):
        """Posted and held."""
        told = self.call("GET", f"/v1/accounts/{account}/balance")
        return told["posted"], told["held"]


@pytest.fixture(scope="module")
def operator(sandbox):
    """The sandbox's own."""
    with Operator(sandbox.http_url) as made:
        yield made


@pytest.fixture(scope="module")
def stranger(sandbox, operator):
    """An operator of another tenant."""
    body = {"name": "bob's", "scopes": ["sandbox"], "tenant": "bob"}
    with Operator(sandbox.http_url, operator.call("POST", "/v1/api_keys", body)["secret"]) as made:
        yield made


def test_a_payment_by_one_call(operator):
    """One decision, as the network explains it, with the receipt and what passed the wire and the reader."""
    account = operator.account()
    phone = operator.phone(account)
    merchant = {"name": "COFFEE CORNER", "city": "WIEN", "id": "COFFEE1", "category": "5814", "country": "040"}
    paid = operator.pay(phone, merchant=merchant, terminal="TILL7")
    assert (paid["approved"], paid["response_code"], paid["reason"], paid["detail"]) == (True, "00", "approved", "")
    assert (paid["approved_amount"], paid["currency"]) == (1_250, "EUR")
    assert (paid["phone_id"], paid["token_id"]) == (phone["id"], phone["token_id"])
    assert paid["decision"] == operator.call("GET", f"/v1/authorizations/{paid['authorization_id']}")
    assert paid["decision"]["merchant_category"] == "5814"
    assert {check["outcome"] for check in paid["decision"]["checks"]} == {"passed"}
    assert [each["message_type"] for each in paid["messages"]] == ["0100", "0110"]
    sent, received = (each["fields"] for each in paid["messages"])
    assert (sent["4"], sent["41"], sent["42"], sent["49"]) == ("000000001250", "TILL7   ", "COFFEE1        ", "978")
    assert sent["43"] == f"{'COFFEE CORNER':<25}{'WIEN':<13}AT"
    assert (received["39"], received["62"]) == ("00", paid["authorization_id"])
    assert paid["receipt"]["merchant"] == "COFFEE CORNER"
    assert "APPROVED" in paid["receipt"]["text"]
    assert [each["name"] for each in paid["apdus"]] == ["SELECT", "SELECT", "GET PROCESSING OPTIONS"]
    listed = operator.call("GET", f"/v1/authorizations?token_id={phone['token_id']}")["data"]
    assert [each["id"] for each in listed] == [paid["authorization_id"]]
    assert operator.balance(account) == (0, 1_250)


def test_no_number_of_a_card_is_shown(operator):
    """Neither in messages nor in APDUs, in either flow; the last four digits are those of the token."""
    for flow in ("quick", "generate_ac"):
        phone = operator.phone(flow=flow)
        paid = operator.http.post(f"{ROOT}/authorizations", json={"token_id": phone["token_id"], "amount": 100})
        assert "999950******" in paid.text
        assert not TOKEN_PAN.search(paid.text)
        assert paid.json()["receipt"]["token_last4"] == phone["token"]["token_last4"]


@pytest.mark.parametrize(
    ("asked", "kind", "channel"),
    [
        ({}, "pos", "contactless"),
        ({"channel": "contactless"}, "pos", "contactless"),
        ({"channel": "e_commerce"}, "online", "e_commerce"),
        ({"channel": "qr_code"}, "qr", "qr_code"),
        ({"terminal_kind": "online"}, "online", "e_commerce"),
        ({"terminal_kind": "fuel", "channel": "contactless"}, "fuel", "contactless"),
        ({"terminal_kind": "transit"}, "transit", "contactless"),
    ],
)
def test_channels_and_kinds_of_terminals(operator, asked, kind, channel):
    """Each finds the other; the network sees the channel, and the merchant that is usual for the kind."""
    usual = operator.post("/terminals", kind=kind)
    assert usual["channel"] == channel
    decision = operator.pay(operator.phone(), **asked)["decision"]
    assert (decision["channel"], decision["merchant_category"]) == (channel, usual["merchant"]["category"])


def test_a_decline_is_a_result(operator):
    """With its DE 39, its reason and the check that failed; nothing is held."""
    account = operator.account(credit_limit=1_000)
    declined = operator.pay(operator.phone(account))
    assert (declined["approved"], declined["response_code"]) == (
        False,
        ANSWERS[Reason.INSUFFICIENT_FUNDS].response_code,
    )
    assert declined["reason"] == "insufficient_funds"
    failed = [check["name"] for check in declined["decision"]["checks"] if check["outcome"] == "failed"]
    assert failed == ["available_credit"]
    assert operator.balance(account) == (0, 0)


def test_a_smaller_amount_for_terminals_that_take_it(operator):
    """A partial approval."""
    phone = operator.phone(operator.account(credit_limit=1_000))
    paid = operator.pay(phone, partial_approvals=True)
    assert (paid["response_code"], paid["approved"], paid["approved_amount"]) == ("10", True, 1_000)


def test_every_way_of_following_a_payment(operator):
    """Increase, complete in parts, refund: the account has what each leaves. Amounts that are left out are the rest."""
    account = operator.account()
    paid = operator.pay(operator.phone(account), terminal_kind="hotel")
    following = f"/authorizations/{paid['authorization_id']}"
    for path, body, approved, left in (
        ("increase", {"amount": 750}, 750, (0, 2_000)),
        ("complete", {"amount": 600, "part": [1, 2]}, 600, (600, 1_400)),
        ("complete", {"part": [2, 2]}, 1_400, (2_000, 0)),
        ("refund", {"amount": 500}, 500, (1_500, 0)),
        ("refund", {}, 1_500, (0, 0)),
    ):
        followed = operator.post(f"{following}/{path}", **body)
        assert (followed["reason"], followed["approved_amount"]) == ("approved", approved), path
        assert followed["decision"]["id"] == followed["authorization_id"] != paid["authorization_id"]
        assert followed["apdus"] == []
        assert operator.balance(account) == left, path


def test_payments_are_taken_back(operator):
    """In part, and whole: what is left out is nothing that stays, and a completion then posts what has stayed."""
    account = operator.account()
    paid = operator.pay(operator.phone(account))
    path = f"/authorizations/{paid['authorization_id']}/reverse"
    assert operator.post(path, remaining_amount=250)["reason"] == "approved"
    assert operator.balance(account) == (0, 250)
    posted = operator.post(f"/authorizations/{paid['authorization_id']}/complete")
    assert (posted["approved_amount"], operator.balance(account)) == (250, (250, 0))
    other = operator.pay(operator.phone(account))
    assert operator.post(f"/authorizations/{other['authorization_id']}/reverse")["reason"] == "approved"
    assert operator.balance(account) == (250, 0)
    late = operator.post(f"/authorizations/{other['authorization_id']}/increase", amount=1)
    assert (late["approved"], late["reason"], operator.balance(account)) == (False, "already_reversed", (250, 0))


def test_a_payment_that_posts_at_once_can_be_refunded(operator):
    """0200 where the terminal is asked for it; the refund's amount is what was posted."""
    account = operator.account()
    paid = operator.pay(operator.phone(account), posts_at_once=True)
    assert (paid["messages"][0]["message_type"], operator.balance(account)) == ("0200", (1_250, 0))
    refund = operator.post(f"/authorizations/{paid['authorization_id']}/refund")
    assert (refund["approved_amount"], operator.balance(account)) == (1_250, (0, 0))


def test_what_is_left_is_never_less_than_nothing(operator):
    """More than was authorized may be posted, such as a tip. Then nothing is left, and the terminal goes on working."""
    account = operator.account()
    paid = operator.pay(operator.phone(account), 100)
    path = f"/authorizations/{paid['authorization_id']}/complete"
    assert operator.post(path, amount=300)["approved_amount"] == 300
    rest = operator.post(path)
    assert (rest["reason"], rest["approved_amount"], operator.balance(account)) == ("approved", 0, (300, 0))


def test_what_is_left_of_a_sale_that_was_reversed_in_part(operator):
    """It is posted no longer, so a refund that names no amount gives back only what has stayed."""
    account = operator.account()
    paid = operator.pay(operator.phone(account), 1_000, posts_at_once=True)
    following = f"/authorizations/{paid['authorization_id']}"
    assert operator.post(f"{following}/reverse", remaining_amount=400)["reason"] == "approved"
    refund = operator.post(f"{following}/refund")
    assert (refund["reason"], refund["approved_amount"], operator.balance(account)) == ("approved", 400, (0, 0))


def test_an_advice_that_is_acknowledged_and_not_posted(operator):
    """The terminal has its approval; what the network made of it is told as well."""
    account = operator.account()
    paid = operator.pay(operator.phone(account))
    posted = operator.post(f"/authorizations/{paid['authorization_id']}/complete", amount=999_999_999_999)
    assert (posted["approved"], posted["decision"]["exception"]) == (True, "beyond_advice_limit")
    assert posted["detail"] == posted["decision"]["exception_explanation"] != ""
    assert operator.balance(account)[0] == 0


def test_a_part_is_one_of_so_many(operator):
    """The third completion of two is refused before it is sent."""
    paid = operator.pay(operator.phone())
    refused = operator.post(f"/authorizations/{paid['authorization_id']}/complete", 422, part=[3, 2])
    assert [each["field"] for each in refused["errors"]] == ["part"]


def test_a_hold_is_ended_before_its_time(operator):
    """All that is held comes free, in the account's currency; ended, declined or posted, there is nothing to end."""
    account = operator.account()
    phone = operator.phone(account)
    paid, other, posted = (operator.pay(phone, amount) for amount in (1_250, 700, 100))
    operator.post(f"/authorizations/{posted['authorization_id']}/complete")
    declined = operator.pay(phone, 99_999_999)
    path = f"/authorizations/{paid['authorization_id']}/expire"
    assert operator.post(path) == {
        "authorization_id": paid["authorization_id"],
        "released_amount": 1_250,
        "currency": "EUR",
    }
    assert operator.balance(account) == (100, 700)
    for each, code in (
        (paid, "authorization_closed"),
        (posted, "authorization_closed"),
        (declined, "missing_original_authorization"),
    ):
        assert operator.post(f"/authorizations/{each['authorization_id']}/expire", 409)["code"] == code
    assert operator.balance(account) == (100, 700)
    late = operator.post(f"/authorizations/{paid['authorization_id']}/complete")
    assert [each["kind"] for each in late["decision"]["postings"]] == ["force_post"]
    assert operator.post(f"/authorizations/{other['authorization_id']}/reverse")["approved"]


def test_tokens_that_no_simulated_phone_holds(operator, issuer, new_phone):
    """A real wallet's token, one that was replaced on its phone, and one whose phone is gone: 409, and no payment."""
    card = operator.card()
    real = new_phone().provision(issuer.issue_card(issuer.open_account("EUR", 1_000)["id"])["id"])
    phone = operator.post("/phones", card_id=card)
    second = operator.post(f"/phones/{phone['id']}/provision", card_id=operator.card())
    gone = operator.phone()
    operator.call("DELETE", f"{ROOT}/phones/{gone['id']}", status=204)
    for token in (real, phone["token_id"], gone["token_id"], "tok_0000000000001", "nonsense"):
        assert operator.post("/authorizations", 409, token_id=token, amount=1)["code"] == "no_phone"
        assert not operator.call("GET", "/v1/authorizations" + f"?token_id={real}")["data"]
    assert operator.pay(second)["approved"]
    operator.call("GET", f"{ROOT}/phones/{gone['id']}", status=404)


def test_a_locked_phone_does_not_pay(operator):
    """The tap comes to nothing, and its APDUs say why; in an app it does not pay either. Unlocked, it does."""
    account = operator.account()
    phone = operator.phone(account)
    assert operator.post(f"/phones/{phone['id']}/lock")["locked"] is True
    tapped = operator.pay(phone)
    assert (tapped["approved"], tapped["reason"], tapped["response_code"]) == (False, "see_phone", None)
    assert (tapped["authorization_id"], tapped["decision"], tapped["receipt"], tapped["messages"]) == (
        None,
        None,
        None,
        [],
    )
    assert tapped["apdus"][-1]["status"] == "6986"
    assert operator.pay(phone, channel="e_commerce")["reason"] == "cannot_do_this"
    assert operator.post(f"/phones/{phone['id']}/unlock")["locked"] is False
    assert operator.pay(phone)["approved"]
    assert operator.balance(account) == (0, 1_250)


def test_taps_at_a_terminal(operator):
    """A terminal that stays, with its own merchant; what was paid there is followed up even when it is gone."""
    account = operator.account()
    phone = operator.phone(account)
    terminal = operator.post("/terminals", terminal="KIOSK1", merchant={"name": "KIOSK", "acquirer": "4711"})
    assert operator.call("GET", f"{ROOT}/terminals/{terminal['id']}") == terminal
    assert (terminal["kind"], terminal["terminal"], terminal["stored_messages"]) == ("pos", "KIOSK1", 0)
    assert (terminal["merchant"]["name"], terminal["merchant"]["city"]) == ("KIOSK", "BERLIN")
    taps = f"/terminals/{terminal['id']}/taps"
    first, second = (operator.post(taps, phone_id=phone["id"], amount=amount) for amount in (300, 400))
    assert (first["decision"]["terminal"], first["messages"][0]["fields"]["32"]) == ("KIOSK1", "4711")
    stans = [int(each["decision"]["stan"]) for each in (first, second)]
    assert stans[1] == stans[0] + 1
    operator.call("DELETE", f"{ROOT}/terminals/{terminal['id']}", status=204)
    operator.post(taps, 404, phone_id=phone["id"], amount=1)
    assert operator.post(f"/authorizations/{second['authorization_id']}/complete")["approved"]
    assert operator.balance(account) == (400, 300)


def test_terminals_know_their_limits(operator):
    """A band cannot verify its holder, so it pays small amounts; the limit can be set."""
    band = operator.phone(kind="band")
    usual, careful = operator.post("/terminals"), operator.post("/terminals", unverified_limit=100)
    small = {"phone_id": band["id"], "amount": 101}
    assert operator.post(f"/terminals/{usual['id']}/taps", **small)["approved"]
    assert operator.post(f"/terminals/{careful['id']}/taps", **small)["reason"] == "cardholder_not_verified"


def test_cash_with_a_pin(operator, capfd):
    """The PIN is needed and verified; it comes back in no answer, and stands in no log."""
    card = operator.card()
    phone = operator.post("/phones", card_id=card)
    till = operator.post("/terminals", kind="atm")
    path = f"{ROOT}/terminals/{till['id']}/taps"
    with Issuer(operator.url, sandbox_constants.SANDBOX_API_KEY) as issuer:
        issuer.set_pin(card, "973164")
    for pin, reason in (("973164", "approved"), ("973264", "pin_mismatch")):
        answer = operator.http.post(path, json={"phone_id": phone["id"], "amount": 5_000, "pin": pin})
        assert answer.json()["reason"] == reason
        assert pin not in answer.text
        assert answer.json()["messages"][0]["fields"]["52"] == "(PIN)"
    missing = operator.call("POST", path, {"phone_id": phone["id"], "amount": 5_000}, 422)
    assert [each["field"] for each in missing["errors"]] == ["pin"]
    wrong = operator.http.post(path, json={"phone_id": phone["id"], "amount": 5_000, "pin": "97316a"})
    assert (wrong.status_code, "97316a" in wrong.text) == (422, False)
    assert "97316" not in "".join(capfd.readouterr())


def test_a_code_on_the_way_to_a_token(operator):
    """A request that needs verification: the code is sent, a wrong one is refused, the right one makes it active."""
    phone = operator.post("/phones", name="Ada's phone")
    assert (phone["name"], phone["token_id"], phone["token"], phone["device_id"]) == ("Ada's phone", None, None, None)
    card = operator.card(text_message="+4915123456789")
    asked = operator.post(f"/phones/{phone['id']}/provision", card_id=card, risk={"device_score": 2})
    assert (asked["token"]["state"], asked["token"]["card_id"]) == ("requested", card)
    assert operator.pay(asked)["reason"] == "no_application"
    path = f"/phones/{phone['id']}/code"
    operator.post(path)
    sent = operator.call("GET", f"{ROOT}/messages?token_id={asked['token_id']}")["data"][0]["text"]
    code = re.search(r"\d{6}", sent)[0]
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert operator.post(path, 409, code=wrong)["code"] == "wrong_code"
    assert operator.post(path, code=code)["token"]["state"] == "active"
    assert operator.pay(asked)["approved"]


def test_a_limited_use_key_is_refilled(operator):
    """Each tap takes one of the key's uses; a refill gives all of them again."""
    phone = operator.post("/phones")
    wish = {"card_id": operator.card(), "location": "host_card_emulation"}
    full = operator.post(f"/phones/{phone['id']}/provision", **wish)["taps_left"]
    ready = operator.call("GET", f"{ROOT}/phones/{phone['id']}")
    while not operator.call("GET", f"{ROOT}/phones/{phone['id']}")["wants_refill"]:
        assert operator.pay(ready, 10)["approved"]
    assert operator.call("GET", f"{ROOT}/phones/{phone['id']}")["taps_left"] < full
    assert operator.post(f"/phones/{phone['id']}/refill")["taps_left"] == full


def test_what_the_vault_refuses_is_the_callers_error(operator):
    """With its status, code and field; a phone that was to be made for it is not there."""
    count = len(operator.call("GET", f"{ROOT}/phones?limit=100")["data"])
    refused = operator.post("/phones", 404, card_id="card_0000000000001")
    assert refused["code"] == "not_found"
    assert len(operator.call("GET", f"{ROOT}/phones?limit=100")["data"]) == count
    phone = operator.post("/phones")
    unknown = operator.post(
        f"/phones/{phone['id']}/provision", 422, card_id=operator.card(), token_requestor_id="99900099999"
    )
    assert [each["field"] for each in unknown["errors"]] == ["token_requestor_id"]
    for path, body in (("refill", {}), ("code", {})):
        assert operator.post(f"/phones/{phone['id']}/{path}", 409, **body)["code"] == "no_token"
    terminal = operator.post("/terminals")
    tapped = operator.post(f"/terminals/{terminal['id']}/taps", 409, phone_id=phone["id"], amount=1)
    assert tapped["code"] == "no_token"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"currency": "XXX"}, "currency"),
        ({"terminal_kind": "fuel", "channel": "qr_code"}, "channel"),
        ({"pin": "1234"}, "pin"),
        ({"merchant": {"category": "58"}}, "merchant.category"),
        ({"merchant": {"country": "278"}}, "merchant.country"),
        ({"merchant": {"name": "CAF\u00c9"}}, "merchant.name"),
        ({"amount": 10**12}, "amount"),
    ],
)
def test_wrong_fields_are_named(operator, more, field):
    """Before anything is sent."""
    body = {"token_id": operator.phone()["token_id"], "amount": 1} | more
    refused = operator.post("/authorizations", 422, **body)
    assert [each["field"] for each in refused["errors"]] == [field]


def test_a_name_that_fits_in_no_certificate(operator):
    """It is refused by its field."""
    refused = operator.post("/phones", 422, name="\u00e9" * 33)
    assert [each["field"] for each in refused["errors"]] == ["name"]
    assert operator.post("/phones", name="\u00e9" * 32, card_id=operator.card())["token"]["state"] == "active"


def test_a_repeated_call_pays_once(operator):
    """Under one idempotency key, the answer of the first call comes again."""
    account = operator.account()
    body = {"token_id": operator.phone(account)["token_id"], "amount": 1_250}
    header = {"Idempotency-Key": "one-coffee"}
    first, again = (operator.http.post(f"{ROOT}/authorizations", json=body, headers=header) for _ in range(2))
    assert (first.status_code, again.status_code, again.headers["idempotent-replayed"]) == (201, 201, "true")
    assert again.json() == first.json()
    assert operator.balance(account) == (0, 1_250)


def test_tenants_see_their_own(operator, stranger):
    """Another tenant's phones, terminals and payments are not there; neither are its cards for a phone."""
    phone, terminal = operator.phone(), operator.post("/terminals")
    paid = operator.pay(phone)
    assert stranger.call("GET", f"{ROOT}/phones")["data"] == []
    assert stranger.call("GET", f"{ROOT}/terminals")["data"] == []
    for path in (f"{ROOT}/phones/{phone['id']}", f"{ROOT}/terminals/{terminal['id']}"):
        stranger.call("GET", path, status=404)
        stranger.call("DELETE", path, status=404)
    for change in ("lock", "unlock", "refill", "code", "provision"):
        stranger.post(f"/phones/{phone['id']}/{change}", 404)
    assert stranger.post("/authorizations", 409, token_id=phone["token_id"], amount=1)["code"] == "no_phone"
    for follow, body in (
        ("complete", {}),
        ("increase", {"amount": 1}),
        ("reverse", {}),
        ("refund", {}),
        ("expire", {}),
    ):
        stranger.post(f"/authorizations/{paid['authorization_id']}/{follow}", 404, **body)
    own = stranger.post("/phones")
    stranger.post(f"/terminals/{terminal['id']}/taps", 404, phone_id=own["id"], amount=1)
    mine = stranger.post("/terminals")
    stranger.post(f"/terminals/{mine['id']}/taps", 404, phone_id=phone["id"], amount=1)
    stranger.post(f"/phones/{own['id']}/provision", 422, card_id=phone["token"]["card_id"])
    assert operator.post(f"/authorizations/{paid['authorization_id']}/reverse")["approved"]


def test_lists_have_pages(operator):
    """The newest first."""
    made = [operator.post("/terminals")["id"] for _ in range(3)]
    first = operator.call("GET", f"{ROOT}/terminals?limit=2")
    assert ([each["id"] for each in first["data"]], first["has_more"]) == ([made[2], made[1]], True)
    second = operator.call("GET", f"{ROOT}/terminals?limit=1&starting_after={made[1]}")
    assert [each["id"] for each in second["data"]] == [made[0]]
    operator.call("GET", f"{ROOT}/phones?starting_after={made[0]}", status=404)


def test_there_are_so_many_at_most(stranger):
    """One more is refused, and what it would be made of is closed again."""
    while True:
        answer = stranger.http.post(f"{ROOT}/phones", json={})
        if answer.status_code != 201:
            break
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_simulated")
    phones = stranger.call("GET", f"{ROOT}/phones?limit=100")["data"]
    assert len(phones) == KEPT_MAX
    stranger.clear()
    assert stranger.post("/phones")["token"] is None


def test_many_at_once(operator):
    """More callers than the server has threads for requests: phones that call it are answered all the same."""
    account = operator.account()
    operator.clear()
    with ThreadPoolExecutor(60) as callers:
        phones = list(callers.map(lambda _: operator.phone(account), range(60)))
        paid = list(callers.map(lambda each: operator.pay(each, 10), phones[:6] * 10))
    assert {each["token"]["state"] for each in phones} == {"active"}
    assert {each["reason"] for each in paid} == {"approved"}
    assert len({each["authorization_id"] for each in paid}) == 60
    assert operator.balance(account) == (0, 600)


def test_whatever_the_settings_are(tmp_path):
    """A proxy's URL, TLS on both ports, one key that may little and a limit of its calls: a phone pays."""
    certificate, key, _ = Authority(tmp_path, "ours").certificate("server")
    other, other_key, _ = Authority(tmp_path, "line").certificate("network")
    settings = {
        "public_url": "https://sandbox.example/pay",
        "tls_certificate": certificate,
        "tls_key": key,
        "iso_tls": {"certificate": other, "key": other_key},
        "api_keys": {"the-operators": {"scopes": ["sandbox", "issuer"]}},
        "api_calls_per_second": 10,
    }
    with scratch_sandbox(**settings) as sandbox, Operator(sandbox.http_url, "the-operators", verify=False) as operator:
        assert operator.pay(operator.phone())["approved"]
