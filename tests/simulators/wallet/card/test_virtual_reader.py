"""The phone in a virtual PC/SC reader: what a driver asks, what `pcsc_scan` sees, and what another client can do."""

import os
import shutil
import socket
import subprocess
import sys
import threading
import time

import pytest

from simulators.sandbox.scratch_sandbox import scratch_sandbox
from simulators.terminals.terminal import Terminal
from simulators.testkit.kit import TestKit
from simulators.wallet.card.apdu import Command, Response
from simulators.wallet.card.contactless_reader import CardAnswer
from simulators.wallet.card.virtual_reader import ANSWER_TO_RESET, VPCD_PORT, ReaderGone, VirtualReader
from tokenvault.emv.encodings import tlv
from tokenvault.vocabulary.pan import Track2

NOTHING_SKIPPED = "TAPWRIGHT_TEST_PCSC" in os.environ
"""Set where pcscd, its virtual driver and pyscard must be there."""


@pytest.fixture(scope="module")
def sandbox():
    """A network in real time, as the verbs' processes live in it."""
    with scratch_sandbox() as running:
        yield running


@pytest.fixture
def phone(sandbox):
    """A phone with a token."""
    with TestKit(sandbox.http_url, sandbox.iso_address) as kit:
        yield kit.phone()


class Driver:
    """Plays vpcd: listens, and talks to the card that dials."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def accept(self):
        """Take the card's call."""
        self.line, _ = self.listener.accept()

    def say(self, message):
        """Send without an answer."""
        self.line.sendall(len(message).to_bytes(2, "big") + message)

    def ask(self, message):
        """Send, and read the answer."""
        self.say(message)
        length = int.from_bytes(self.line.recv(2), "big")
        return self.line.recv(length)

    def close(self):
        """Hang up."""
        self.line.close()
        self.listener.close()


def test_what_a_driver_asks(phone):
    """Answer to reset, APDUs, and a conversation that begins anew after a reset; then the reader goes away."""
    driver = Driver()
    reader = VirtualReader("127.0.0.1", driver.port)
    driver.accept()
    gone = []

    def serve():
        try:
            reader.serve(phone)
        except ReaderGone as error:
            gone.append(str(error))

    thread = threading.Thread(target=serve)
    thread.start()
    driver.say(b"\x01")
    assert driver.ask(b"\x04") == ANSWER_TO_RESET
    select = Command(0, 0xA4, 4, 0, bytes.fromhex("F0000054415057")).encode()
    assert Response.decode(driver.ask(select)).is_success
    counter = bytes.fromhex("80CA9F3600")
    assert Response.decode(driver.ask(counter)).is_success
    driver.say(b"\x02")
    assert Response.decode(driver.ask(counter)).status == 0x6985
    driver.close()
    thread.join()
    reader.close()
    assert gone == ["vpcd has hung up"]


def test_nobody_listens():
    """A line that says what is missing."""
    with pytest.raises(ReaderGone, match="is pcscd running"):
        VirtualReader("127.0.0.1", 1)


@pytest.fixture
def pcscd():
    """The PC/SC daemon with its virtual driver; skipped where it is not installed, unless it must be."""
    missing = [name for name in ("pcscd", "pcsc_scan") if shutil.which(name) is None]
    try:
        import smartcard  # noqa: F401
    except ImportError:
        missing.append("pyscard")
    if missing and not NOTHING_SKIPPED:
        pytest.skip(f"{', '.join(missing)} not installed")
    assert not missing
    daemon = subprocess.Popen(["pcscd", "--foreground"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", VPCD_PORT)) == 0:
                break
        time.sleep(0.05)
    yield daemon
    daemon.terminate()
    daemon.wait()


@pytest.fixture
def tapped(pcscd, sandbox):
    """The verb, as a user starts it: a phone on the reader."""
    command = [sys.executable, "-m", "simulators.cli", "phone", "--pcsc", "--url", sandbox.http_url]
    with subprocess.Popen([*command, "--flow", "generate_ac"], stdout=subprocess.PIPE, text=True) as verb:
        line = verb.stdout.readline()
        assert "is on the reader" in line
        yield line.split("token ")[1].split()[0]
        verb.terminate()


def connected():
    """pyscard's connection to the first reader with a card, which the daemon sees a moment after it was put there."""
    from smartcard.Exceptions import CardConnectionException, NoCardException
    from smartcard.System import readers

    for _ in range(100):
        try:
            connection = next(reader for reader in readers() if str(reader).endswith("00 00")).createConnection()
            connection.connect()
            return connection
        except (NoCardException, CardConnectionException):
            time.sleep(0.05)
    pytest.fail("the reader never saw the phone")
    return None


def objects_of(answer):
    """Every object in an answer of pyscard's, by tag."""
    data, sw1, sw2 = answer
    assert (sw1, sw2) == (0x90, 0x00)
    return dict(tlv.primitives(tlv.decode(bytes(data))))


def test_pcsc_scan_and_another_client(tapped, sandbox, issuer):
    """`pcsc_scan` sees the card; pyscard alone selects and reads it and gets it to sign; the network approves."""
    connection = connected()
    scan = subprocess.run(["pcsc_scan", "-c"], capture_output=True, text=True, timeout=20, check=False).stdout
    assert ANSWER_TO_RESET.hex(" ").upper() in scan

    def send(text):
        return objects_of(connection.transmit(list(bytes.fromhex(text))))

    directory = send("00A404000E325041592E5359532E444446303100")
    application = send(f"00A4040007{directory['4F'].hex()}00")
    assert application["9F38"].hex().upper() == "9F6604"
    options = send("80A8000006" + "8304" + "36004000" + "00")
    assert options["94"].hex() == "08010200"
    identity, signing = send("00B2010C00"), send("00B2020C00")
    terminal = Terminal(sandbox.iso_address)
    transaction = terminal.start(1_250)
    data = tlv.fill_object_list(tlv.decode_object_list(signing["8C"]), transaction.values)
    signed = send(f"80AE8000{len(data):02X}{data.hex()}00")
    answer = CardAnswer(
        Track2.decode(identity["57"]), identity["5F34"].hex(), {**signed, "82": options["82"], "84": application["84"]}
    )
    receipt = terminal.authorize(transaction, answer)
    terminal.close()
    decision = issuer.authorization(receipt.authorization_id)
    assert (decision["reason"], decision["token_id"]) == ("approved", tapped)
    connection.disconnect()


def test_our_own_terminal_reads_it_too(tapped, sandbox):
    """`tapwright terminal --pcsc`: a payment through the reader, with its receipt."""
    connected().disconnect()
    host, port = sandbox.iso_address
    command = [sys.executable, "-m", "simulators.cli", "terminal", "12.50", "--pcsc", "Virtual PCD"]
    server = ["--url", sandbox.http_url, "--iso", f"{host}:{port}"]
    paid = subprocess.run([*command, *server], capture_output=True, text=True, timeout=60, check=False)
    assert paid.returncode == 0, paid.stderr
    assert "APPROVED" in paid.stdout
