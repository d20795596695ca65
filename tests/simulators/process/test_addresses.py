"""Host and port as text, and back; and a server on IPv6, whose addresses are taken as they are printed."""

import subprocess
import sys

import pytest

from simulators.cli.flags.server_address import UsageError, checked_address
from simulators.process.addresses import joined, split
from simulators.process.server_process import ServerProcess


@pytest.mark.parametrize(
    ("host", "port", "text"),
    [("127.0.0.1", 8583, "127.0.0.1:8583"), ("::1", 1, "[::1]:1"), ("issuer.test", 80, "issuer.test:80")],
)
def test_there_and_back(host, port, text):
    """An IPv6 address stands in brackets, as its colons would be taken for the one before the port."""
    assert joined(host, port) == text
    assert split(text) == (host, str(port))
    assert checked_address(text, "--iso") == (host, port)


@pytest.mark.parametrize("text", ["", "host", ":80", "[::1]", "[]:80"])
def test_what_is_no_address(text):
    """Something is missing."""
    with pytest.raises(UsageError, match="HOST:PORT"):
        checked_address(text, "--iso")


def test_without_brackets():
    """The last colon is the one before the port."""
    assert split("::1:8583") == ("::1", "8583")


def test_a_server_on_ipv6(tmp_path):
    """What it prints is what its callers are given: a phone is provisioned by the one and pays over the other."""
    server = ServerProcess(tmp_path / "data", "--http-host", "::1", "--iso-host", "::1")
    try:
        assert server.http_url.startswith("http://[::1]:")
        assert server.iso_address[0] == "::1"
        command = [
            sys.executable,
            "-m",
            "simulators.cli",
            "trigger",
            "authorization.approved",
            "--url",
            server.http_url,
        ]
        told = subprocess.run(
            [*command, "--url", server.http_url], check=False, capture_output=True, text=True, timeout=60
        )
        assert (told.returncode, told.stderr) == (0, "")
        assert "authorization.approved" in told.stdout
    finally:
        server.stop()
