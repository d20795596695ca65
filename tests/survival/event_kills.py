"""kill -9 of a server that pays and delivers: every decision has one event, delivered once it is up; none is doubled.

python -m tests.survival.event_kills [--kills 100]
"""

import argparse
import json
import random
import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.traffic import make_traffic
from simulators.parties.issuer_client import Issuer
from simulators.process.server_process import ServerProcess
from tests.survival.server_kills import Client, provisioned

_TAPS_A_KILL = 60
_TYPES = ["authorization.approved", "authorization.declined"]
_CAUGHT_UP_SECONDS = 600


class _Ears:
    """A webhook endpoint that is always there; knows the identifiers of what it was told."""

    def __init__(self):
        self.heard = []
        ears = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                event = json.loads(self.rfile.read(int(self.headers["content-length"])))
                assert event["id"] == self.headers["webhook-id"]
                ears.heard.append(event["id"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        """End it."""
        self._server.shutdown()
        self._server.server_close()


def _pages(issuer, path, cursor=None):
    """Every entry of a list."""
    while True:
        page = issuer.call("GET", path + (f"&starting_after={cursor}" if cursor else ""))
        yield from page["data"]
        if not page["has_more"]:
            return
        cursor = page.get("next_cursor") or page["data"][-1]["id"]


def _wait_until_caught_up(issuer):
    """Until its endpoint is not behind, and nothing is on its way."""
    deadline = time.monotonic() + _CAUGHT_UP_SECONDS
    while time.monotonic() < deadline:
        (endpoint,) = issuer.call("GET", "/v1/webhook_endpoints")["data"]
        pending = issuer.call("GET", "/v1/webhook_deliveries?state=pending&limit=1")["data"]
        if endpoint["payments_lag"]["commands"] == 0 and not pending:
            return
        time.sleep(0.1)
    raise AssertionError("it has not caught up")


def _delivered(directory):
    """The identifiers of all deliveries of payments, and their states, as the vault's database has them."""
    with closing(sqlite3.connect(directory / "data" / "vault.db")) as connection:
        query = "SELECT payment_event, state FROM webhook_deliveries WHERE payment_sequence IS NOT NULL"
        rows = connection.execute(query).fetchall()
    return [json.loads(event)["id"] for event, _ in rows], {state for _, state in rows}


def survive_event_kills(directory, kills, seed=1):
    """Kill a server so often while it delivers; returns how many decisions there were. Raises: AssertionError."""
    drawn, ears = random.Random(seed), _Ears()
    server = ServerProcess(directory / "data", "--log-level", "warning")
    _, phones = provisioned(server)
    issuer = Issuer(server.http_url)
    issuer.call("POST", "/v1/webhook_endpoints", {"url": ears.url, "event_types": _TYPES})
    issuer.close()
    traffic = make_traffic(server.iso_address, phones, _TAPS_A_KILL * kills)
    for number in range(kills):
        part = traffic[number * _TAPS_A_KILL : (number + 1) * _TAPS_A_KILL]
        client = Client(server.iso_address, part)
        enough, deadline = len(ears.heard) + drawn.randrange(1, _TAPS_A_KILL), time.monotonic() + 10
        while len(ears.heard) < enough and time.monotonic() < deadline:
            time.sleep(0.001)
        server.kill()
        client.join()
        server = ServerProcess(directory / "data", "--log-level", "warning")
    issuer = Issuer(server.http_url)
    _wait_until_caught_up(issuer)
    decisions = [each["id"] for each in _pages(issuer, "/v1/authorizations?limit=100")]
    listed = [each for kind in _TYPES for each in _pages(issuer, f"/v1/events?oldest_first=true&limit=100&type={kind}")]
    issuer.close()
    assert server.stop() == 0
    ears.close()
    assert sorted(each["resource_id"] for each in listed) == sorted(decisions), "each decision is one event"
    events, (delivered, states) = sorted(each["id"] for each in listed), _delivered(directory)
    assert sorted(delivered) == events, "each event is one delivery"
    assert states == {"delivered"}
    assert set(ears.heard) == set(events), "each was heard"
    return len(decisions)


def main():
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100, help="how often (100)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tapwright-kills-") as folder:
        decisions = survive_event_kills(Path(folder), options.kills)
    print(
        f"{options.kills} servers killed while they delivered, {decisions:,} decisions: each one event, delivered once"
    )


if __name__ == "__main__":
    main()
