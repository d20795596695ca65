"""Who may speak for which acquirer: DE 32 is a claim, and what a connection has proven decides."""

import pytest
import structlog
from pydantic import ValidationError

from authz.iso8583.dialects.fields import built_in
from simulators.cli.command_line import main
from simulators.parties import sandbox_constants
from simulators.parties.merchant import Merchant
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.sandbox.settings.connection_settings import ConnectionTls, client_context
from simulators.sandbox.settings.iso_listeners import IsoListener
from simulators.sandbox.settings.loading import scratch_settings
from simulators.terminals.iso_link import LinkError, NoAnswer
from simulators.terminals.message_security import protect
from simulators.terminals.terminal import Terminal
from simulators.testkit.kit import TestKit
from tests.security.certificates import Authority
from tokenvault.emv.keys.key_block import KeyBlockError

ALICE, MALLORY = "11111111111", "22222222222"
ALICES_KEY, MALLORYS_KEY = "0123456789ABCDEF0123456789ABCDE1", "0123456789ABCDEF0123456789ABCDE2"
REFUSED = "58"

PORTS = {
    "alice": {"acquirers": [ALICE]},
    "mallory": {"acquirers": [MALLORY]},
    "both": {"acquirers": [ALICE, MALLORY]},
    "mac": {"mac": "required", "acquirer_key_encryption_keys": {ALICE: ALICES_KEY, MALLORY: MALLORYS_KEY}},
    "mac, narrowed": {"mac": "required", "acquirer_key_encryption_keys": {ALICE: ALICES_KEY}, "acquirers": [MALLORY]},
    "foreign dialect": {"acquirers": [ALICE], "dialect": "bcd_1987"},
}


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    """Whom the network trusts, and somebody else."""
    folder = tmp_path_factory.mktemp("certificates")
    return Authority(folder, "clients"), Authority(folder, "others")


@pytest.fixture(scope="module")
def certificates(authorities):
    """Files by name: certificate, key, fingerprint."""
    ours, others = authorities
    made = {name: ours.certificate(name) for name in ("network", "alice", "mallory", "nobody")}
    return {**made, "forged": others.certificate("alice")}


@pytest.fixture(scope="module")
def network(authorities, certificates):
    """A test kit, and addresses by the name of a port; the main port is strict and in TLS."""
    certificate, key, _ = certificates["network"]
    tls = ConnectionTls(
        certificate=certificate,
        key=key,
        client_authorities=authorities[0].file,
        acquirers={"alice": [ALICE], "SHA256:" + certificates["mallory"][2].upper(): [MALLORY]},
    )
    ports = {**PORTS, "tls": {"tls": tls}, "tls, narrowed": {"tls": tls, "acquirers": [MALLORY]}, "strict": {}}
    listeners = [IsoListener(**{"dialect": "ascii_1987", "port": 0} | options) for options in ports.values()]
    with (
        scratch_sandbox(iso_listeners=listeners, iso_acquirer_authority="strict", iso_tls=tls) as sandbox,
        TestKit(sandbox.http_url, sandbox.iso_address) as kit,
    ):
        addresses = dict(zip(ports, sandbox.further_iso_addresses, strict=True))
        yield kit, {**addresses, "main": sandbox.iso_address}


class Scene:
    """An account with a phone, and terminals on any port."""

    def __init__(self, network, authorities, certificates):
        self.kit, self._addresses = network
        self._authority, self._certificates = authorities[0].file, certificates
        self.account = self.kit.account()
        self.phone = self.kit.phone(self.kit.card(self.account))
        self._terminals = []

    def terminal(self, port, acquirer=ALICE, certificate=None, **options):
        """A terminal of an acquirer on a port; certificate: what it shows, by name."""
        if certificate is not None:
            files = self._certificates[certificate][:2] if certificate else (None, None)
            options["tls"] = client_context(self._authority, *files)
        address, merchant = self._addresses[port], Merchant(acquirer=acquirer)
        self._terminals.append(Terminal(address, merchant=merchant, clock=self.kit.clock, **options))
        return self._terminals[-1]

    def balances(self):
        """What the account stands at: held and posted."""
        balance = self.kit.balance(self.account)
        return balance["held"], balance["posted"]

    def close(self):
        """Hang up."""
        for each in self._terminals:
            each.close()


@pytest.fixture
def scene(network, authorities, certificates):
    """A new account on the network."""
    made = Scene(network, authorities, certificates)
    yield made
    made.close()


def follow_ups(terminal, paid):
    """Whatever could be sent after a payment in its acquirer's name, by whoever knows token PAN and trace."""
    messages, request = terminal.messages, paid.request
    return [
        messages.increment(request, 100),
        messages.completion(request, 500),
        messages.completion(request, 500) | {0: "0221"},
        messages.refund(request, 100),
        messages.refund(request, 100) | {0: "0220"},
        messages.reversal(request) | {0: "0400"},
        messages.reversal(request),
        messages.advice(request, "00") | {11: "999999"},
        messages.refund(request, 0) | {0: "0100", 3: "310000"},
        request | {11: "999998"},
    ]


@pytest.mark.parametrize(
    ("port", "certificate"),
    [("mallory", None), ("tls", "mallory"), ("tls", "nobody"), ("main", "mallory"), ("strict", None)],
)
def test_in_the_name_of_another_acquirer(scene, port, certificate):
    """Whatever a line says in the name of an acquirer that it may not speak for is refused, and changes nothing."""
    paid = scene.terminal("alice").pay(scene.phone, 1_000)
    assert paid.approved
    thief = scene.terminal(port, ALICE, certificate)
    for message in follow_ups(thief, paid):
        answer = thief.link.exchange(message)
        assert (answer[39], 54 in answer, 38 in answer) == (REFUSED, False, False), message
        assert scene.balances() == (1_000, 0), message
    assert scene.terminal("alice").complete(paid, 1_000).approved
    assert scene.balances() == (0, 1_000)


@pytest.mark.parametrize(
    ("port", "acquirer", "certificate"),
    [
        ("both", ALICE, None),
        ("both", MALLORY, None),
        ("alice", "0" + ALICE[1:], None),
        ("tls", ALICE, "alice"),
        ("main", MALLORY, "mallory"),
        ("tls, narrowed", MALLORY, "mallory"),
    ],
)
def test_in_its_own_name(scene, port, acquirer, certificate):
    """What a line may say is decided as ever."""
    is_allowed = acquirer in (ALICE, MALLORY)
    assert scene.terminal(port, acquirer, certificate).pay(scene.phone, 1_000).approved is is_allowed


def test_a_certificate_and_a_port_must_both_allow_it(scene):
    """A port of one acquirer and a certificate of another let nobody through."""
    assert scene.terminal("tls, narrowed", ALICE, "alice").pay(scene.phone, 100).response_code == REFUSED
    assert scene.balances() == (0, 0)


@pytest.mark.parametrize("certificate", ["forged", ""])
def test_a_certificate_of_another_authority(scene, certificate):
    """With a certificate of anybody else's, or none, there is no line at all."""
    terminal = scene.terminal("tls", ALICE, certificate)
    with pytest.raises(LinkError):
        terminal.link.exchange(terminal.messages.management("301"))
    plain = scene.terminal("tls", ALICE)
    plain.link.timeout = 0.5
    with pytest.raises(LinkError):
        plain.link.exchange(plain.messages.management("301"))


def test_a_mac_key_speaks_for_its_acquirer(scene):
    """Who can open the key block of an acquirer speaks for it, and for nobody else; others open nothing."""
    terminal = scene.terminal("mac")
    assert terminal.pay(scene.phone, 100).response_code == "A0"
    protect(terminal.link, terminal.messages, bytes.fromhex(ALICES_KEY), "aes")
    paid = terminal.pay(scene.phone, 1_000)
    assert paid.approved
    thief = scene.terminal("mac", MALLORY)
    protect(thief.link, thief.messages, bytes.fromhex(MALLORYS_KEY), "aes")
    for message in follow_ups(terminal, paid):
        assert thief.link.exchange(message)[39] == REFUSED, message
    assert scene.balances() == (1_000, 0)
    thief.link.protection, thief.messages.merchant = None, terminal.merchant
    with pytest.raises(KeyBlockError):
        protect(thief.link, thief.messages, bytes.fromhex(MALLORYS_KEY), "aes")


def test_keys_that_nobody_may_have(scene):
    """An acquirer without a key of its own gets none; a key says nothing of what the port excludes."""
    stranger = scene.terminal("mac", "33333333333")
    with pytest.raises(NoAnswer, match=REFUSED):
        protect(stranger.link, stranger.messages, bytes.fromhex(sandbox_constants.KEY_ENCRYPTION_KEY), "aes")
    assert stranger.link.exchange(stranger.messages.management("101"))[39] == "30"
    narrowed = scene.terminal("mac, narrowed", ALICE)
    protect(narrowed.link, narrowed.messages, bytes.fromhex(ALICES_KEY), "aes")
    assert narrowed.pay(scene.phone, 100).response_code == REFUSED


def test_another_dialect(scene):
    """A port in another dialect looks at the claim as well."""
    dialect = built_in("bcd_1987")
    assert scene.terminal("foreign dialect", MALLORY, dialect=dialect).pay(scene.phone, 100).response_code == REFUSED
    assert scene.terminal("foreign dialect", ALICE, dialect=dialect).pay(scene.phone, 100).approved


def test_a_message_that_is_refused_tries_no_pin(scene):
    """Nor is its cryptogram spent: the true terminal can still use it."""
    terminal, thief = scene.terminal("alice"), scene.terminal("mallory")
    transaction = terminal.start(700)
    request = terminal.authorization_request(transaction, terminal.read(scene.phone, transaction))
    assert thief.link.exchange(request)[39] == REFUSED
    assert terminal.link.exchange(request)[39] == "00"


def test_many_at_once(scene):
    """Of messages that come together, each is judged by its own claim."""
    terminal, other = scene.terminal("both"), scene.terminal("alice")
    messages = []
    for acquirer in (ALICE, "33333333333", MALLORY, ALICE, "44444444444"):
        transaction = terminal.start(100)
        read = terminal.read(scene.phone, transaction)
        messages.append(terminal.authorization_request(transaction, read) | {32: acquirer})
    framed = b"".join(map(other.link.dialect.framing.framed, map(terminal.link._encoded, messages)))
    terminal.link._dialled().sendall(framed)
    codes = []
    for message in messages:
        wanted = (message[7], message[11])
        while wanted not in terminal.link._unclaimed:
            terminal.link._receive(terminal.link._socket, terminal.link._stopwatch() + 10)
        codes.append(terminal.link._unclaimed.pop(wanted)[39])
    assert codes == ["00", REFUSED, "00", "00", REFUSED]


def test_an_open_port_warns_once():
    """On loopback a line speaks for whom it likes; that it does is in the log once for each line."""
    with (
        scratch_sandbox() as sandbox,
        TestKit(sandbox.http_url, sandbox.iso_address) as kit,
    ):
        phone = kit.phone(kit.card(kit.account()))
        with structlog.testing.capture_logs() as logs:
            terminal = kit.terminal()
            for acquirer in (ALICE, ALICE, MALLORY, ALICE, MALLORY, "33333333333"):
                terminal.messages.merchant = Merchant(acquirer=acquirer)
                assert terminal.pay(phone, 100).approved
            kit.terminal().pay(phone, 100)
    warnings = [entry for entry in logs if entry["event"] == "line_speaks_for_many_acquirers"]
    assert [entry["acquirers"] for entry in warnings] == [[ALICE, MALLORY]]


@pytest.mark.parametrize(
    ("settings", "is_strict"),
    [
        ({}, False),
        ({"iso_host": "::1"}, False),
        ({"iso_host": "localhost"}, False),
        ({"iso_host": "0.0.0.0"}, True),
        ({"iso_host": "192.0.2.1"}, True),
        ({"iso_host": "0.0.0.0", "iso_acquirer_authority": "open"}, False),
        ({"iso_acquirer_authority": "strict"}, True),
    ],
)
def test_open_on_loopback_only(tmp_path, settings, is_strict):
    """A port that others can call believes nobody unless it is told to."""
    authority = scratch_settings(tmp_path, **settings).iso_authority()
    assert authority.peer("peer").may_speak_for(1) is not is_strict


def test_settings_that_cannot_be(tmp_path, certificates):
    """Each is refused with what is wrong, and no key is told."""
    certificate, key, _ = certificates["network"]
    for options, words in [
        ({"acquirers": ["abc"]}, "acquirers"),
        ({"acquirer_key_encryption_keys": {ALICE: ALICES_KEY}}, "mac = required"),
        ({"mac": "required", "acquirer_key_encryption_keys": {ALICE: "SECRET"}}, "32 hexadecimal digits"),
        ({"tls": {"certificate": certificate, "key": tmp_path / "none"}}, "No such file"),
        ({"tls": {"certificate": key, "key": key}}, "not a certificate and its private key"),
        ({"tls": {"certificate": certificate, "key": key, "acquirers": {"a": [ALICE]}}}, "client_authorities"),
        ({"tls": {"certificate": certificate, "key": key, "client_authorities": key}}, "no certificate in PEM"),
    ]:
        with pytest.raises(ValidationError, match=words) as refused:
            IsoListener(**{"dialect": "ascii_1987", "port": 0} | options)
        assert "SECRET" not in str(refused.value)
    assert ALICES_KEY not in repr(
        IsoListener(dialect="ascii_1987", port=0, mac="required", acquirer_key_encryption_keys={ALICE: ALICES_KEY})
    )


def test_the_terminal_verb(network, authorities, certificates, capsys):
    """`tapwright terminal` shows a certificate and names its acquirer."""
    kit, addresses = network
    certificate, key, _ = certificates["alice"]
    host, port = addresses["tls"]
    arguments = ["terminal", "1.00", "--url", kit.http_url, "--iso", f"{host}:{port}"]
    tls = ["--tls-authorities", str(authorities[0].file), "--tls-certificate", str(certificate), "--tls-key", str(key)]
    assert main([*arguments, *tls, "--acquirer", ALICE]) == 0
    assert main([*arguments, *tls, "--acquirer", MALLORY]) == 1
    assert main([*arguments, *tls, "--acquirer", "x"]) == 2
    assert main([*arguments, *tls[2:], "--acquirer", ALICE]) == 2
    assert main([*arguments, "--tls-authorities", str(key)]) == 2
    assert "no certificate in PEM format" in capsys.readouterr().err


# On an open line everybody is who they say. What then holds still:


@pytest.fixture(scope="module")
def open_network():
    """A network on loopback as it comes, but for one acquirer's bound of advices."""
    with (
        scratch_sandbox(advice_limits={MALLORY: 5_000}) as sandbox,
        TestKit(sandbox.http_url, sandbox.iso_address) as kit,
    ):
        yield kit


@pytest.mark.parametrize("message_type", ["0100", "0200", "0101"])
def test_balances_take_the_card(open_network, message_type):
    """A balance inquiry that names a payment in DE 90 proves no card, and is told nothing."""
    kit = open_network
    terminal, phone = kit.terminal(), kit.phone(kit.card(kit.account()))
    paid = terminal.pay(phone, 1_000)
    inquiry = terminal.messages.refund(paid.request, 0) | {0: message_type, 3: "310000"}
    answer = terminal.link.exchange(inquiry)
    assert (answer[39], 54 in answer) == ("88", False)


@pytest.mark.parametrize("message_type", ["0120", "0220", "0400", "0420"])
def test_what_needs_no_card_is_told_no_balances(open_network, message_type):
    """Advices and reversals are taken, whatever DE 3 says, and tell nothing."""
    kit = open_network
    terminal, phone = kit.terminal(), kit.phone(kit.card(kit.account()))
    paid = terminal.pay(phone, 1_000)
    if message_type[1] == "4":
        message = terminal.messages.reversal(paid.request) | {0: message_type, 3: "310000"}
    else:
        message = terminal.messages.completion(paid.request, 0) | {0: message_type, 3: "310000"}
    answer = terminal.link.exchange(message)
    assert (answer[39], 54 in answer) == ("00", False)


def test_a_reversal_of_a_guessed_trace_stops_no_payment(open_network):
    """Told before its original, a reversal is of its own acquirer and terminal, and of nobody else's."""
    kit = open_network
    phone, terminal = kit.phone(kit.card(kit.account())), kit.terminal()
    transaction = terminal.start(700)
    request = terminal.authorization_request(transaction, terminal.read(phone, transaction))
    guessed = terminal.messages.reversal(request)
    for thief in (
        guessed | {32: MALLORY},
        guessed | {32: MALLORY, 90: guessed[90][:20] + MALLORY + guessed[90][31:]},
        guessed | {41: "THIEF001"},
        guessed | {41: "THIEF001", 0: "0400"},
    ):
        assert terminal.link.exchange(thief | {37: "000000000001"})[39] == "25"
    assert terminal.link.exchange(request)[39] == "00"


ADVICES = {
    "force post": ("0220", "000000"),
    "force post that says it is a repeat": ("0221", "000000"),
    "refund": ("0220", "200000"),
    "hold": ("0120", "000000"),
    "cash": ("0220", "010000"),
}


@pytest.mark.parametrize("kind", ADVICES)
@pytest.mark.parametrize(
    ("acquirer", "amount", "is_taken"),
    [(ALICE, 99_999_999_999, False), (ALICE, 10_000_001, False), (ALICE, 10_000_000, True), (MALLORY, 5_001, False)],
)
def test_an_advice_is_bounded(open_network, kind, acquirer, amount, is_taken):
    """Beyond the bound of its acquirer it is acknowledged, moves nothing, and is listed with what it said."""
    kit = open_network
    account = kit.account()
    terminal, phone = kit.terminal(acquirer=acquirer), kit.phone(kit.card(account))
    owed = terminal.buy(phone, 4_000)
    before = kit.balance(account)
    message_type, processing_code = ADVICES[kind]
    message = terminal.messages.advice(owed.request, "00") | {
        0: message_type, 3: processing_code, 4: f"{amount:012d}", 11: "999999", 37: "999999999999",
    }  # fmt: skip
    message.pop(54, None)
    for again in (message, message | {0: message_type[:3] + "1"}):
        assert terminal.link.exchange(again)[39] == "00"
        assert (kit.balance(account) != before) is is_taken
    listed = kit.issuer.call("GET", f"/v1/exceptions?account_id={account}&exception=beyond_advice_limit")["data"]
    assert [(entry["asked_billing_amount"], entry["billing_amount"]) for entry in listed] == [(amount, 0)] * (
        not is_taken
    )


def test_a_completion_is_bounded_too(open_network):
    """What completes an authorization, and what takes over an approval of what was declined here."""
    kit = open_network
    account = kit.account()
    terminal, phone = kit.terminal(), kit.phone(kit.card(account))
    paid = terminal.pay(phone, 1_000)
    assert terminal.complete(paid, 10_000_001).approved
    declined = terminal.pay(phone, 99_000_000)
    assert not declined.approved
    assert terminal.link.exchange(terminal.messages.advice(declined.request, "00"))[39] == "00"
    balance = kit.balance(account)
    assert (balance["held"], balance["posted"]) == (1_000, 0)
    listed = kit.issuer.call("GET", f"/v1/exceptions?account_id={account}")["data"]
    assert [entry["exception"] for entry in listed] == ["beyond_advice_limit"] * 2
    assert terminal.complete(paid, 900).approved
    assert kit.balance(account)["posted"] == 900


def test_another_acquirer_follows_nothing(open_network):
    """Whoever names another acquirer's payment in DE 90 under its own DE 32 is refused, and the true one completes."""
    kit = open_network
    account = kit.account()
    terminal, phone = kit.terminal(acquirer=ALICE), kit.phone(kit.card(account))
    paid = terminal.pay(phone, 1_000)
    for message in follow_ups(terminal, paid)[:7]:
        assert terminal.link.exchange(message | {32: MALLORY})[39] == "25", message
        assert kit.balance(account)["held"] == 1_000
        assert kit.balance(account)["posted"] == 0
    assert terminal.complete(paid, 1_000).approved
    assert kit.balance(account)["posted"] == 1_000
