"""kill -9 of a server under load: every approval that a client received is there after the restart, and none twice.

python -m tests.survival.server_kills [--kills 200]
"""

import argparse
import socket
import tempfile
import threading
import time
from pathlib import Path

from authz.iso8583.dialects.fields import built_in
from authz.iso8583.encoding import codec
from benchmarks.traffic import make_traffic
from simulators.parties.issuer_client import Issuer
from simulators.process.server_process import ServerProcess
from simulators.wallet.phone import Phone

_PHONES, _WINDOW = 4, 64
_TAPS_A_KILL = 1_000
"""So many requests are ready for each life; it is killed long before it has answered them all."""


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


def provisioned(server):
    """Accounts of a server, each with a phone that can pay; their identifiers and the phones."""
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


def survive_kills(directory, kills):
    """Kill a server so often while it approves; returns how many approvals were told. Raises: AssertionError."""
    server = ServerProcess(directory / "data", "--log-level", "warning")
    accounts, phones = provisioned(server)
    traffic = make_traffic(server.iso_address, phones, _TAPS_A_KILL * kills)
    start, known = 0, {}
    for number in range(kills):
        client = Client(server.iso_address, traffic[start : start + _TAPS_A_KILL])
        deadline = time.monotonic() + 30
        while len(client.approved) < 20 + 10 * (number % 50) and time.monotonic() < deadline:
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
    return len(known)


def main():
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="how often (200)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tapwright-kills-") as folder:
        approvals = survive_kills(Path(folder), options.kills)
    print(f"{options.kills} servers killed under load, {approvals:,} approvals told, none lost and none twice")


if __name__ == "__main__":
    main()
