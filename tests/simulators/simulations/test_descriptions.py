"""Simulated phones, terminals and payments that are described, forgotten and made again: they go on where they were."""

import base64
import json
import os
import threading

import anyio
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from authz.vocabulary.reasons import Reason
from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer, IssuerRefused
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.simulations.descriptions import VERSION
from simulators.simulations.simulations import Simulations
from simulators.terminals.kinds.catalogue import TERMINAL_KINDS
from tests.clock import ManualClock

PIN = "7391"
ROOT = "/v1/simulations"
CIPHER = AESGCM(AESGCM.generate_key(256))


def wrap(plaintext):
    """Encrypt what comes out of a secure element."""
    nonce = os.urandom(12)
    return nonce + CIPHER.encrypt(nonce, plaintext, None)


def unwrap(octets):
    """Open it."""
    return CIPHER.decrypt(octets[:12], octets[12:], None)


class Network:
    """A network of its own with what is simulated in it, as callers of its API and as the server itself see that."""

    def __init__(self, running):
        self.simulations = running.simulations
        self.operator = Issuer(running.http_url, sandbox_constants.SANDBOX_API_KEY)
        self.call = self.operator.call

    def post(self, path, **body):
        """Make or change something of `/v1/simulations`."""
        return self.call("POST", ROOT + path, body)

    def account(self):
        """A new account."""
        return self.operator.open_account("EUR", 250_000)["id"]

    def phone(self, account=None, kind="phone", **wish):
        """A phone with an active token, of a card with a PIN."""
        card = self.operator.issue_card(account or self.account())["id"]
        self.operator.set_pin(card, PIN)
        return self.post(f"/phones/{self.post('/phones', kind=kind)['id']}/provision", card_id=card, **wish)

    def tap(self, terminal, phone, amount=100, **more):
        """A payment at a terminal that is kept."""
        return self.post(f"/terminals/{terminal['id']}/taps", phone_id=phone["id"], amount=amount, **more)

    def device(self, phone):
        """The phone itself."""
        return self.simulations.phones.kept.find(phone["id"]).phone

    def till(self, terminal):
        """The terminal itself."""
        return self.simulations.terminals.kept.find(terminal["id"]).device

    def views(self):
        """All phones and terminals as the API shows them."""
        return {kind: self.call("GET", f"{ROOT}/{kind}?limit=100")["data"] for kind in ("phones", "terminals")}

    def balance(self, account):
        """Posted and held."""
        told = self.operator.balance(account)
        return told["posted"], told["held"]

    def described(self):
        """What there is, as a file would keep it."""
        return json.dumps(self.simulations.described(wrap))

    def put_back(self, text):
        """What was described, in place of what there is."""
        before = self.simulations.phones.kept.own() + self.simulations.terminals.kept.own()
        self.simulations.put_back(json.loads(text), unwrap)
        after = self.simulations.phones.kept.own() + self.simulations.terminals.kept.own()
        assert {id(each) for each in before}.isdisjoint(id(each) for each in after), "nothing of it was made again"


@pytest.fixture(scope="module")
def running():
    """A network whose phones and terminals are nobody else's."""
    with scratch_sandbox(ManualClock()) as sandbox:
        yield sandbox


@pytest.fixture
def network(running):
    """The same, with nothing simulated in it yet."""
    made = Network(running)
    yield made
    made.simulations.close()
    made.operator.close()


def tapped(network, kind, terminal, phone):
    """A payment at a terminal of any kind."""
    return network.tap(terminal, phone, **({"pin": PIN} if kind == "atm" else {}))


def sent_stan(paid):
    """The trace number of the first message of a payment."""
    return int(paid["messages"][0]["fields"]["11"])


@pytest.mark.parametrize("kind", TERMINAL_KINDS)
def test_a_terminal_of_every_kind_goes_on(network, kind):
    """It looks the same, and numbers its messages on from where it was."""
    merchant = {"name": "COFFEE CORNER", "id": "COFFEE1", "category": "5814", "acquirer": "99900000003"}
    terminal = network.post("/terminals", kind=kind, terminal="TILL7", merchant=merchant, floor_limit=700)
    phone = network.phone()
    last = sent_stan(tapped(network, kind, terminal, phone))
    text, views = network.described(), network.views()
    network.call("DELETE", f"{ROOT}/terminals/{terminal['id']}")
    network.post("/terminals", kind=kind)
    network.phone()
    network.put_back(text)
    assert network.views() == views
    assert network.till(terminal).capability.floor_limit_minor == 700
    paid = tapped(network, kind, terminal, phone)
    assert (paid["approved"], sent_stan(paid)) == (True, last + 1), paid


@pytest.mark.parametrize("kind", ["phone", "watch", "band", "car"])
@pytest.mark.parametrize("profile", ["aes", "tdes"])
def test_a_phone_pays_on(network, kind, profile):
    """By its transaction counter and its keys: the network would refuse a counter that it has seen."""
    terminal = network.post("/terminals", kind="online" if kind == "car" else "pos")
    phone = network.phone(kind=kind, cryptogram_profile=profile)
    for _ in range(3):
        assert network.tap(terminal, phone)["approved"]
    text = network.described()
    network.put_back(text)
    assert network.device(phone).transaction_counter() == 3
    assert network.tap(terminal, phone)["approved"]
    network.put_back(text)  # only the phone is where it was: the network has seen its next counter by now
    assert network.tap(terminal, phone)["reason"] != Reason.APPROVED.code


def test_a_limited_use_key_that_is_nearly_used_up(network):
    """Has as many payments left as it had; then the phone gets the next one, for it is the same device."""
    terminal, phone = network.post("/terminals"), network.phone(location="host_card_emulation")
    while network.device(phone).taps_left > 1:
        assert network.tap(terminal, phone)["approved"]
    network.put_back(network.described())
    assert (network.device(phone).taps_left, network.device(phone).wants_refill) == (1, True)
    assert network.tap(terminal, phone)["approved"]
    network.put_back(network.described())
    assert network.tap(terminal, phone)["reason"] == "card_refuses"
    network.post(f"/phones/{phone['id']}/refill")
    assert network.tap(terminal, phone)["approved"]


def test_what_became_of_a_phone(network):
    """Locked, without a network, with a clock that is ahead, tampered with; and one that is new in its box."""
    network.post("/phones", name="in its box", flow="generate_ac")
    phone = network.device(network.phone())
    phone.is_locked, phone.has_network, phone.clock_ahead, phone.is_tampered = True, False, 12.5, True
    views = network.views()["phones"]
    network.put_back(network.described())
    assert network.views()["phones"] == views
    (again, boxed) = (network.device(view) for view in views)
    assert (again.is_locked, again.has_network, again.clock_ahead, again.is_tampered) == (True, False, 12.5, True)
    assert (boxed.device_id, boxed.name, boxed.taps_left) == (None, "in its box", None)
    assert network.post(f"/phones/{views[1]['id']}/provision", card_id=views[0]["token"]["card_id"])["token_id"]


def test_what_a_terminal_has_stored(network):
    """A payment that it approved by itself while its line was down is told to the network afterwards."""
    account = network.account()
    terminal, phone = network.post("/terminals", floor_limit=500), network.phone(account)
    network.till(terminal).link.is_unplugged = True
    assert network.tap(terminal, phone, 400)["reason"] == "approved_offline"
    network.put_back(network.described())
    assert network.call("GET", f"{ROOT}/terminals/{terminal['id']}")["stored_messages"] == 1
    assert network.tap(terminal, phone, 300)["reason"] == "approved_offline", "the line is unplugged still"
    network.till(terminal).link.is_unplugged = False
    assert network.tap(terminal, phone, 200)["approved"]
    assert network.balance(account) == (700, 200)


def test_rides_deny_lists_pin_pads_and_tanks(network):
    """What terminals of single kinds have beside what all have."""
    gate, machine, pump = (network.post("/terminals", kind=kind) for kind in ("transit", "atm", "fuel"))
    phone = network.phone()
    network.till(gate).fare_minor = 250
    network.till(gate).open(network.device(phone))
    network.till(gate).deny_list.add("9999501000000017D3012")
    network.till(pump).tank_minor = 9_000
    network.tap(machine, phone, pin=PIN)
    network.put_back(network.described())
    again = network.till(gate)
    assert "9999501000000017D3012" in again.deny_list
    assert (again.fare_minor, len(again.deny_list), network.till(pump).tank_minor) == (250, 1, 9_000)
    (receipt,) = again.settle()
    assert (receipt.approved, receipt.amount_minor) == (True, 250)
    assert network.till(machine).pin_pad.counter == 1
    assert network.tap(machine, phone, pin=PIN)["approved"]


@pytest.mark.parametrize("place", ["kept", "removed", "for one payment"])
def test_payments_are_followed_up(network, place):
    """Completed, increased, reversed, refunded and ended, at the terminal that took them, kept or not."""
    account = network.account()
    phone, terminal = network.phone(account), network.post("/terminals")

    def paid(amount):
        if place == "for one payment":
            return network.post("/authorizations", token_id=phone["token_id"], amount=amount)["authorization_id"]
        return network.tap(terminal, phone, amount)["authorization_id"]

    completed, increased, reversed_, ended = paid(1_000), paid(2_000), paid(4_000), paid(8_000)
    network.post(f"/authorizations/{completed}/complete", amount=600)
    network.post(f"/authorizations/{increased}/increase", amount=500)
    if place == "removed":
        network.call("DELETE", f"{ROOT}/terminals/{terminal['id']}")
    assert network.balance(account) == (600, 2_500 + 4_000 + 8_000)
    text = network.described()
    network.simulations.close()
    with pytest.raises(IssuerRefused, match="none of the last"):
        network.post(f"/authorizations/{completed}/refund")
    network.put_back(text)
    assert network.post(f"/authorizations/{completed}/refund")["approved_amount"] == 600
    assert network.post(f"/authorizations/{increased}/increase", amount=100)["approved"]
    assert network.post(f"/authorizations/{increased}/complete")["approved_amount"] == 2_600
    assert network.post(f"/authorizations/{reversed_}/reverse", remaining_amount=300)["approved"]
    assert network.post(f"/authorizations/{ended}/expire")["released_amount"] == 8_000
    assert network.balance(account) == (2_600, 300)


def test_a_payment_shares_its_terminal_again(network):
    """One terminal numbers its payments and what follows them."""
    phone, terminal = network.phone(), network.post("/terminals")
    paid = network.tap(terminal, phone)
    network.put_back(network.described())
    follow_up = network.post(f"/authorizations/{paid['authorization_id']}/complete")
    assert [sent_stan(follow_up), sent_stan(network.tap(terminal, phone))] == [sent_stan(paid) + 1, sent_stan(paid) + 2]


def secrets_of(phone):
    """What nobody may read: the device key, and the keys of its tokens."""
    element = phone._secure_element
    key = element._SecureElement__device_key
    yield key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    yield key.private_numbers().private_value.to_bytes(32, "big")
    for credentials in element._SecureElement__tokens.values():
        yield bytes.fromhex(credentials.card_key or credentials.limited_use_key.key)


def readable_in(text):
    """What can be read in a description without a key: itself, and what it has in base64 or hexadecimal."""
    yield text.encode()
    for value in texts_in(json.loads(text)):
        for read in (base64.b64decode, bytes.fromhex):
            try:
                yield read(value)
            except ValueError:
                continue


def texts_in(value):
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_in(each)


def forms_of(secret):
    """How a key could stand somewhere."""
    hexadecimal, base = secret.hex().encode(), base64.b64encode(secret).rstrip(b"=")
    return {secret, hexadecimal, hexadecimal.upper(), base, base.replace(b"+", b"-").replace(b"/", b"_")}


def test_no_key_and_no_pin_is_described(network):
    """Neither as it is nor in base64 or hexadecimal; the key that wraps opens everything that matters."""
    phones = [network.phone(), network.phone(location="host_card_emulation"), network.phone(cryptogram_profile="tdes")]
    machine = network.post("/terminals", kind="atm")
    for phone in phones:
        assert network.tap(machine, phone, pin=PIN)["approved"]
    text = network.described()
    readable = list(readable_in(text))
    secrets = [secret for phone in phones for secret in secrets_of(network.device(phone))]
    assert len(secrets) == 9
    for secret in secrets:
        assert not [read for read in readable for form in forms_of(secret) if form in read]
    api_key = network.simulations.phones._keys.own()
    assert api_key not in text
    payments = json.loads(text)["payments"]["default"]
    assert len(payments) == 3
    assert all("52" not in payment["receipt"]["request"] for payment in payments)
    assert all("48" in payment["receipt"]["request"] for payment in payments), "the number of the PIN's key is"


def test_a_secure_element_leaves_encrypted_only(network):
    """Who wraps nothing is refused."""
    network.phone()
    with pytest.raises(ValueError, match="encrypted, or not at all"):
        network.simulations.described(bytes)


def changed(text, change):
    """A description with a change."""
    value = json.loads(text)
    change(value)
    return value


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda value: value.update(version=VERSION + 1), "in version 2, not in 1"),
        (lambda value: value.pop("version"), "in version None"),
        (lambda value: value.pop("payments"), "no description of simulated phones and terminals: KeyError"),
        (lambda value: value.update(phones=[]), "no description"),
        (lambda value: value["terminals"]["default"][0].update(kind="oven"), "no description"),
        (lambda value: value["terminals"]["default"][0]["device"].pop("last_stan"), "no description"),
        (lambda value: value["payments"]["default"][0].update(terminal="term_0000000000000"), "no description"),
        (lambda value: value["payments"]["default"][0]["receipt"].update(tip=1), "no description"),
        (lambda value: value["phones"]["default"][0].update(flow="slow"), "'slow' is not a valid Flow"),
        (lambda value: value["phones"]["default"][0]["device"].update(secure_element="A"), "base64"),
    ],
)
def test_another_description_is_refused(network, change, complaint):
    """And nothing is forgotten, whatever of it was understood by then."""
    terminal, phone = network.post("/terminals"), network.phone()
    paid = network.tap(terminal, phone)
    views = network.views()
    described = changed(network.described(), change)
    with pytest.raises(ValueError, match=complaint):
        network.simulations.put_back(described, unwrap)
    assert network.views() == views
    assert network.tap(terminal, phone)["approved"]
    assert network.post(f"/authorizations/{paid['authorization_id']}/complete")["approved"]


def test_what_another_key_has_wrapped_is_refused(network):
    """With the error of whoever unwraps; nothing is forgotten."""
    network.phone()
    described, views = json.loads(network.described()), network.views()
    foreign = AESGCM(AESGCM.generate_key(256))
    with pytest.raises(InvalidTag):
        network.simulations.put_back(described, lambda octets: foreign.decrypt(octets[:12], octets[12:], None))
    assert network.views() == views


def test_each_tenant_gets_its_own_back(network):
    """And its phones call with a key of their tenant, also in a server that has not made it before."""
    url = str(network.operator._http.base_url)
    operator, wallet = (
        Issuer(url, network.call("POST", "/v1/api_keys", {"name": scope, "scopes": [scope], "tenant": "bob"})["secret"])
        for scope in ("sandbox", "wallet")
    )
    with operator, wallet:
        phone, ours = operator.call("POST", f"{ROOT}/phones", {"name": "Bob's"}), network.phone()
        text = network.described()
        network.simulations.phones._keys._by_tenant.clear()
        network.put_back(text)
        assert [each["id"] for each in operator.call("GET", f"{ROOT}/phones")["data"]] == [phone["id"]]
        assert [each["id"] for each in network.views()["phones"]] == [ours["id"]]
        (again,) = network.simulations.phones.kept.of_all()["bob"]
        device = again.phone.register()
        assert wallet.call("GET", f"/v1/devices/{device}")["id"] == device, "a device of that tenant"


def test_at_rest_nothing_runs(network):
    """What runs ends before, and what comes waits; then it goes on."""
    may_end, order = threading.Event(), []

    def work(name):
        if name == "before":
            may_end.wait(10)
        order.append(name)

    async def story():
        phones = network.simulations.phones
        simulations = Simulations(phones._vault, phones._addresses, lambda *_: None)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(simulations.run, work, "before")
            await anyio.wait_all_tasks_blocked()

            async def rest():
                async with simulations.at_rest():
                    order.append("at rest")
                    tasks.start_soon(simulations.run, work, "after")
                    await anyio.wait_all_tasks_blocked()
                    order.append("still at rest")

            tasks.start_soon(rest)
            await anyio.wait_all_tasks_blocked()
            assert order == []
            may_end.set()

    anyio.run(story)
    assert order == ["before", "at rest", "still at rest", "after"]
