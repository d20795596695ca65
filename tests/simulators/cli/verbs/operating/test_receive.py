"""``tapwright receive`` as a process: what it prints, how it ends, and that its secret stays with it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from simulators.cli.command_line import main
from tokenvault.outgoing.webhook_signatures import secret_bytes, signed_headers

SECRET = "whsec_dGFwd3JpZ2h0LXRlc3Qtc2VjcmV0"
EVENT = {"type": "authorization.approved", "resource_id": "auth_1", "data": {"amount": 1250, "currency": "EUR"}}
BODY = json.dumps(EVENT, indent=1).encode()


class Receiving:
    """A process that receives on a free port."""

    def __init__(self, *flags, secret=SECRET):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "simulators.cli", "receive", "--port", "0", "--secret", secret, *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        )

    def __enter__(self):
        if "-" in self.process.args:
            self.process.stdin.write(f"{SECRET}\n")
            self.process.stdin.close()
            self.process.stdin = None
        said = self.process.stderr.readline()
        self.url = said.removeprefix("tapwright: receiving webhooks at ").removesuffix("; Ctrl-C ends it\n")
        assert self.url.startswith("http://127.0.0.1:"), said
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def send(self, body=BODY):
        """Send a delivery whose signature is that of `BODY`; returns the status of the answer."""
        headers = signed_headers(secret_bytes(SECRET), "evt_1", int(time.time()), BODY)
        return httpx.post(self.url, content=body, headers=headers, trust_env=False).status_code

    def end(self):
        """The exit code, and what it printed besides its first line."""
        out, err = self.process.communicate(timeout=60)
        assert SECRET.removeprefix("whsec_") not in out + err
        assert "Traceback" not in err
        return self.process.returncode, out, err


def test_it_ends_after_so_many_valid_deliveries():
    """With exit code 0; what is not valid is told, and does not count."""
    with Receiving("--count", "2") as receiving:
        assert [receiving.send(), receiving.send(b"{}"), receiving.send()] == [204, 401, 204]
        code, out, err = receiving.end()
    first, second, third = (line.partition("  ")[2] for line in out.splitlines())
    assert first == third == "authorization.approved  auth_1  12.50 EUR  signature valid"
    assert second == "not an event  signature invalid: its signature is wrong"
    assert (code, err) == (0, "")


def test_json_for_programs():
    """Valid bodies only, one line each; the rest is for people. The secret may come from standard input."""
    with Receiving("--json", "--count", "1", secret="-") as receiving:
        assert [receiving.send(b"[]"), receiving.send()] == [401, 204]
        code, out, err = receiving.end()
    assert (code, json.loads(out), out.count("\n")) == (0, EVENT, 1)
    assert err.endswith("not an event  signature invalid: its signature is wrong\n")


def test_ctrl_c_ends_it_with_a_word():
    """How many came, and the exit code of an interruption."""
    with Receiving() as receiving:
        assert [receiving.send(), receiving.send(b"")] == [204, 401]
        assert receiving.process.stdout.readline()
        assert receiving.process.stdout.readline()
        receiving.process.send_signal(signal.SIGINT)
        code, _, err = receiving.end()
    assert code == 130
    assert err == "\ntapwright: interrupted: 1 valid deliveries were received, and 1 others\n"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--secret", "whsec_dGVzdA=="], "--secret: must be whsec_ and at least 16 bytes in base 64"),
        (["--secret", SECRET, "--count", "0"], "--count 0: must be at least 1"),
        (["--secret", SECRET, "--port", "70000"], "--port 70000: a port is a number from 0 to 65535"),
        (["--secret", SECRET, "--host", ""], "--host '' is not an address such as 127.0.0.1 or ::1"),
        (["--secret", SECRET, "--host", "example.com"], "--host 'example.com' is not an address"),
    ],
)
def test_wrong_arguments(capsys, flags, said):
    """They are named in one line, and a secret is not shown."""
    assert main(["receive", *flags]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert "dGVzdA" not in error


def test_a_port_that_is_taken(capsys):
    """Is named with its address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["receive", "--port", str(port), "--secret", SECRET]) == 1
    assert f"port {port} on 127.0.0.1: address already in use" in capsys.readouterr().err
