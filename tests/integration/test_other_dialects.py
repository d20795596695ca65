"""Ports in other dialects: the same decisions as on the network's own, and codes that authenticate messages."""

import socket

import pytest

from authz.iso8583.dialects.fields import BUILT_IN, HEADER, built_in
from authz.iso8583.encoding import codec
from authz.network.dialect_gateway import KEY_BLOCK_FIELD
from simulators.parties import sandbox_constants
from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.sandbox.settings.iso_listeners import IsoListener, listener_of
from simulators.terminals.iso_link import NoAnswer
from simulators.terminals.message_security import protect
from simulators.terminals.terminal import Terminal
from simulators.testkit.kit import TestKit

KEY_ENCRYPTION_KEY = bytes.fromhex(sandbox_constants.KEY_ENCRYPTION_KEY)
PORTS = [
    *((name, "none", "aes") for name in BUILT_IN),
    ("bcd_1987", "required", "tdes"),
    ("ebcdic_1987", "required", "tdes_cbc"),
    ("ascii_1987", "optional", "aes"),
]


@pytest.fixture(scope="module")
def network():
    """A network with all of them; gives a test kit and the address of each port."""
    listeners = [IsoListener(dialect=name, port=0, mac=mac, mac_algorithm=alg) for name, mac, alg in PORTS]
    with (
        scratch_sandbox(iso_listeners=listeners) as sandbox,
        TestKit(sandbox.http_url, sandbox.iso_address) as kit,
    ):
        yield kit, dict(zip(PORTS, sandbox.further_iso_addresses, strict=True))


@pytest.fixture
def kit(network):
    """The test kit."""
    return network[0]


@pytest.fixture
def dial(network):
    """Makes terminals on those ports."""
    made = []

    def terminal(name, mac="none", algorithm="aes"):
        address = network[1][name, mac, algorithm]
        made.append(Terminal(address, clock=network[0].clock, dialect=built_in(name)))
        return made[-1]

    yield terminal
    for each in made:
        each.close()


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_payment_and_its_reversal(kit, dial, name):
    """Decided as ever; the answer comes in the dialect of the question, under its header."""
    account = kit.account()
    phone, terminal = kit.phone(kit.card(account)), dial(name)
    paid = terminal.pay(phone, 1_250)
    assert kit.reason_of(paid) == "approved"
    assert kit.balance(account)["held"] == 1_250
    assert terminal.reverse(paid).approved
    assert kit.balance(account)["held"] == 0
    assert terminal.echo()[39] == "00"
    if built_in(name).header_bytes:
        header = "2E" + "AB" * 45
        fields = terminal.messages.management("301")
        assert terminal.link.exchange({HEADER: header, **fields})[HEADER] == header


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_is_malformed(dial, name):
    """Answered with a format error where the message type can be read; the connection goes on."""
    terminal = dial(name)
    assert terminal.send(terminal.messages.plain("0100", 100, "EUR")).response_code == "30"
    terminal.link.send_bytes(b"\x01\x02\x03")
    assert terminal.echo()[39] == "00"


def test_a_length_that_is_none(network):
    """The stream is lost then: the connection stalls and is closed, the port goes on."""
    address = network[1]["unionpay_like", "none", "aes"]
    with socket.create_connection(address, 5) as line:
        line.sendall(b"ABCD" + b"x" * 100)
    terminal = Terminal(address, clock=network[0].clock, dialect=built_in("unionpay_like"))
    assert terminal.echo()[39] == "00"
    terminal.close()


def test_codes_are_required(kit, dial):
    """Without a key nothing is decided; with one messages and answers carry a code; a wrong one changes nothing."""
    account = kit.account()
    phone, terminal = kit.phone(kit.card(account)), dial("bcd_1987", "required", "tdes")
    assert terminal.pay(phone, 100).response_code == "A0"
    protect(terminal.link, terminal.messages, KEY_ENCRYPTION_KEY, "tdes")
    paid = terminal.pay(phone, 200)
    assert paid.approved
    assert len(paid.answer[64]) == 16
    assert kit.balance(account)["held"] == 200
    forged = terminal.link.protection.sealed(terminal.messages.management("301")) | {128: "00" * 8}
    terminal.link.protection = None
    assert terminal.link.exchange(forged)[39] == "A0"


def test_the_cbc_mac_of_old_lines(kit, dial):
    """A key for MAC algorithm 1 comes in a block of usage M1, and authenticates a payment and its answer."""
    account = kit.account()
    phone, terminal = kit.phone(kit.card(account)), dial("ebcdic_1987", "required", "tdes_cbc")
    assert terminal.link.exchange(terminal.messages.management("101"))[KEY_BLOCK_FIELD][5:7] == "M1"
    protect(terminal.link, terminal.messages, KEY_ENCRYPTION_KEY, "tdes_cbc")
    paid = terminal.pay(phone, 200)
    assert paid.approved
    assert len(paid.answer[64]) == 16


def test_every_connection_has_its_own_key(kit, dial):
    """A key of another line is none here."""
    first, second = (dial("bcd_1987", "required", "tdes") for _ in range(2))
    protect(first.link, first.messages, KEY_ENCRYPTION_KEY, "tdes")
    second.link.protection = first.link.protection
    with pytest.raises(NoAnswer, match="authentication code is wrong"):
        second.link.exchange(second.messages.management("301"))


def test_codes_are_optional(kit, dial):
    """Where one is sent it must be right, and the answer has one too."""
    terminal = dial("ascii_1987", "optional", "aes")
    assert terminal.echo()[39] == "00"
    key = terminal.link.exchange(terminal.messages.management("101"))
    assert key[KEY_BLOCK_FIELD].startswith("D0")
    protect(terminal.link, terminal.messages, KEY_ENCRYPTION_KEY, "aes")
    assert 128 in terminal.echo()


def test_the_wrong_key_encryption_key(dial):
    """Opens no key block."""
    from tokenvault.emv.errors import KeyBlockError

    terminal = dial("ascii_1987", "optional", "aes")
    with pytest.raises(KeyBlockError):
        protect(terminal.link, terminal.messages, bytes(16), "aes")


def test_a_pin_in_another_dialect(kit, network):
    """DE 52 and DE 48 are where they should be."""
    from simulators.terminals.kinds.cash_machine import CashMachine

    machine = CashMachine(network[1]["bcd_1987", "none", "aes"], clock=kit.clock, dialect=built_in("bcd_1987"))
    phone = kit.phone(kit.card(pin="7391"))
    assert machine.withdraw(phone, 1_000, "7391").approved
    assert machine.withdraw(phone, 1_000, "0000").response_code == "55"
    machine.close()


def test_flags_and_settings_that_make_no_sense():
    """Are refused by name."""
    assert listener_of("bcd_1987:8584").port == 8584
    for text, problem in (("bcd_1987", "DIALECT:PORT"), ("bcd_1987:x", "the port 'x'"), ("klingon:1", "klingon")):
        with pytest.raises(ValueError, match=problem):
            listener_of(text)
    with pytest.raises(ValueError, match="16 bytes"):
        IsoListener(dialect="bcd_1987", port=0, key_encryption_key="00")


def test_nothing_of_a_card_is_in_an_error():
    """A message that does not fit names the field, not its content."""
    with pytest.raises(codec.MessageError) as refused:
        codec.encode({0: "0100", 2: "9" * 20}, built_in("bcd_1987"))
    assert "9999" not in str(refused.value)
