"""kill -9 under load: every approval that a client received is there after the restart, and none twice."""

import socket
import threading
import time

import pytest

from authz.iso8583 import codec
from authz.iso8583.fields import built_in
from benchmarks.traffic import make_traffic
from simulators.issuer import Issuer
from simulators.phone import Phone
from simulators.server_process import ServerProcess

_PHONES, _TAPS, _WINDOW = 4, 20_000, 64


class Client:
    """Sends requests with a window until the line breaks; knows what was sent, and what was approved."""

    def __init__(self, address, requests):
        self.sent = 0
        self.approved = []
        self._socket = socket.create_connection(address)
        self._requests = requests
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        rest, answered = b"", 0
        try:
            while answered < len(self._requests):
                while self.sent < len(self._requests) and self.sent - answered < _WINDOW:
                    self._socket.sendall(self._requests[self.sent])
                    self.sent += 1
                data = self._socket.recv(65536)
                if not data:
                    return
                rest += data
                while len(rest) >= 2 and len(rest) >= 2 + int.from_bytes(rest[:2], "big"):
                    end = 2 + int.from_bytes(rest[:2], "big")
                    answer = codec.decode(rest[2:end], built_in())
                    rest = rest[end:]
                    answered += 1
                    if answer[39] == "00":
                        self.approved.append((answered - 1, answer[62]))
        except OSError:
            return

    def join(self):
        """Wait for the line to break."""
        self._thread.join()
        self._socket.close()


def _provisioned(server):
    issuer, accounts, phones = Issuer(server.http_url), [], []
    for _ in range(_PHONES):
        account = issuer.open_account("EUR", 10**11)
        phone = Phone(server.http_url)
        phone.provision(issuer.issue_card(account["id"])["id"])
        phone.close()
        accounts.append(account["id"])
        phones.append(phone)
    issuer.close()
    return accounts, phones


def _survives_kills(directory, kills):
    server = ServerProcess(directory / "data", "--log-level", "warning")
    accounts, phones = _provisioned(server)
    traffic = make_traffic(server.iso_address, phones, _TAPS)
    start, known = 0, {}
    for number in range(kills):
        client = Client(server.iso_address, traffic[start : start + _TAPS // kills])
        deadline = time.monotonic() + 30
        while len(client.approved) < 20 + 10 * number and time.monotonic() < deadline:
            time.sleep(0.001)
        server.kill()
        client.join()
        assert client.approved, "the server was killed before it approved anything"
        server = ServerProcess(directory / "data", "--log-level", "warning")
        issuer = Issuer(server.http_url)
        held = sum(issuer.balance(account)["held"] for account in accounts) // 100
        # All that was approved is held; beyond that at most what was sent and whose answer was lost on the way.
        known |= {start + position: identifier for position, identifier in client.approved}
        unsure = client.sent - len(client.approved)
        assert len(known) <= held <= len(known) + unsure
        last = client.approved[-1][1]
        assert issuer.authorization(last)["approved"]
        # Sent again, each is a replay: nothing that was approved can be approved a second time.
        again = Client(server.iso_address, [traffic[start + position] for position, _ in client.approved])
        again.join()
        assert again.approved == []
        # What was sent without an answer may be sent again; then client and server agree to the cent.
        lost = [start + position for position in range(client.sent) if start + position not in known]
        retried = Client(server.iso_address, [traffic[position] for position in lost])
        retried.join()
        held_now = sum(issuer.balance(account)["held"] for account in accounts) // 100
        assert held_now == len(known) + len(lost)
        known |= dict.fromkeys(lost, "")
        issuer.close()
        start += client.sent
    assert server.stop() == 0


def test_two_kills_under_load(tmp_path):
    """The short form of the next test."""
    _survives_kills(tmp_path, 2)


@pytest.mark.slow
def test_twenty_kills_under_load(tmp_path):
    """Twenty times killed while it approves, and never a decision lost or taken twice."""
    _survives_kills(tmp_path, 20)
