"""A server as a process: what prevents a start is one clear line, and an end is polite."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys

import httpx
import pytest

from simulators.cli.command_line import main
from simulators.parties.issuer_client import Issuer
from simulators.parties.sandbox_constants import ISSUER_API_KEY, SANDBOX_API_KEY
from simulators.process.server_process import ServerDidNotStart, ServerProcess
from simulators.sandbox.serve import ready_text
from simulators.sandbox.settings.loading import scratch_settings
from simulators.sandbox.wiring import running_sandbox
from simulators.terminals.terminal import Terminal
from simulators.wallet.phone import Phone


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The data directory of the server."""
    return tmp_path_factory.mktemp("server") / "data"


@pytest.fixture(scope="module")
def server(data):
    """A running server."""
    process = ServerProcess(data, "--log-level", "info", "--log-format", "json")
    yield process
    process.stop()


@pytest.fixture
def refused_start(tmp_path, capsys):
    """The one line that a start is refused with; the verb runs in this process."""
    seconds = sys.getswitchinterval()

    def refused(*arguments, data_dir=tmp_path / "other"):
        verb = ["serve", "--data-dir", str(data_dir), "--http-port", "0", "--iso-port", "0", "--log-level", "warning"]
        assert main([*verb, *arguments]) == 1
        out, err = capsys.readouterr()
        return out + _one_line(err)

    yield refused
    sys.setswitchinterval(seconds)


def _one_line(text):
    lines = text.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("tapwright: ")
    return lines[0]


def test_a_port_in_use_is_named(tmp_path):
    """All that the process writes is one line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerDidNotStart) as refused:
            ServerProcess(tmp_path / "data", "--http-port", str(port))
    line = _one_line(str(refused.value))
    assert line.startswith(f"tapwright: http_port {port} on 127.0.0.1: address already in use; ")


def test_an_iso_port_in_use_is_named(refused_start):
    """By its own setting."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused_start("--iso-port", str(port))
    assert line.startswith(f"tapwright: iso_port {port} on 127.0.0.1: address already in use; ")


def test_an_address_that_is_not_ours_is_named(refused_start):
    """A host that this machine does not have."""
    assert "http_port 0 on 192.0.2.1" in refused_start("--http-host", "192.0.2.1")
    assert "iso_port 0 on 192.0.2.1" in refused_start("--iso-host", "192.0.2.1")


def test_a_data_directory_that_cannot_be_written_is_named(refused_start, tmp_path):
    """A file in its place, which not even root can write into."""
    file = tmp_path / "file"
    file.write_text("")
    assert f"data directory {file}" in refused_start(data_dir=file)


def test_a_second_process_on_the_same_directory_is_refused(server, data, refused_start):
    """The first goes on undisturbed."""
    assert refused_start(data_dir=data).endswith(f"data directory {data} is in use by another process")
    assert httpx.get(server.http_url + "/readyz", trust_env=False).status_code == 200


def test_the_wrong_root_key_is_one_line(refused_start, tmp_path):
    """A data directory does not open with another root key, and opens again with its own."""
    settings = scratch_settings(tmp_path / "data")
    with running_sandbox(settings):
        pass
    other = tmp_path / "other.key"
    other.write_bytes(bytes(32))
    other.chmod(0o600)
    assert "the root key is not the one" in refused_start("--root-key-file", str(other), data_dir=settings.data_dir)
    with running_sandbox(settings):
        pass


def test_a_damaged_journal_is_one_line_and_stays_as_it_is(refused_start, tmp_path):
    """A flipped byte in the middle: file and offset are named, and nothing is changed."""
    with running_sandbox(scratch_settings(tmp_path / "data")) as network, Issuer(network.http_url) as issuer:
        for _ in range(5):
            issuer.open_account("EUR", 1_000)
    (segment,) = (tmp_path / "data" / "journal").glob("*.journal")
    content = bytearray(segment.read_bytes())
    content[100] ^= 1
    segment.write_bytes(content)
    line = refused_start(data_dir=tmp_path / "data")
    assert f"{segment} is damaged at byte 80" in line
    assert segment.read_bytes() == content


LOCAL = ("http://127.0.0.1:8420", ("127.0.0.1", 8583))


def test_the_ready_lines_name_what_is_needed_next(tmp_path):
    """The line for programs, then the API's description, the key to use and the data directory."""
    first, *others = ready_text(scratch_settings(tmp_path / "data"), *LOCAL).splitlines()
    assert first == "tapwright is ready: http=http://127.0.0.1:8420 iso8583=127.0.0.1:8583"
    told = "\n".join(others)
    assert "http://127.0.0.1:8420/docs" in told
    assert f" {SANDBOX_API_KEY} (public" in told
    assert str(tmp_path / "data") in told


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ({"a-key-of-mine": ["sandbox"]}, None),
        ({"a-key-of-mine": ["sandbox"], ISSUER_API_KEY: ["issuer"]}, ISSUER_API_KEY),
        ({SANDBOX_API_KEY: ["wallet"]}, None),
        ({ISSUER_API_KEY: {"scopes": ["issuer"], "tenant": "ada"}}, None),
    ],
)
def test_no_key_of_others_is_shown(keys, shown, tmp_path):
    """Only the sandbox's own ones, and only where they are good for what they always are."""
    told = ready_text(scratch_settings(tmp_path / "data", api_keys=keys), *LOCAL)
    assert [key for key in (*keys, SANDBOX_API_KEY, ISSUER_API_KEY) if key in told] == ([shown] * 2 if shown else [])
    assert ("one of those in the setting api_keys" in told) is (shown is None)


@pytest.mark.parametrize(
    ("listened_at", "public_url", "description"),
    [
        ("http://0.0.0.0:8420", None, "http://127.0.0.1:8420/docs"),
        ("https://[::]:8420", None, "https://[::1]:8420/docs"),
        ("http://192.0.2.7:8420", None, "http://192.0.2.7:8420/docs"),
        ("http://0.0.0.0:8420", "https://pay.example/sandbox/", "https://pay.example/sandbox/docs"),
    ],
)
def test_a_browser_can_open_what_the_ready_lines_name(listened_at, public_url, description, tmp_path):
    """An address that means every address of a machine is none to call."""
    told = ready_text(scratch_settings(tmp_path / "data", public_url=public_url), listened_at, ("0.0.0.0", 8583))
    assert f" {description}\n" in told


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_stop_says_what_it_did(tmp_path, form):
    """A sentence for people; a line like all others for programs that read the log."""
    server = ServerProcess(tmp_path / "data", "--log-level", "info", "--log-format", form)
    os.kill(server.pid, signal.SIGINT)
    assert server.stop() == 0
    *_, stopping, stopped = (tmp_path / "data.log").read_text().splitlines()
    what = f"what was answered is on disk in {tmp_path / 'data'}, where the next start goes on"
    if form == "json":
        assert [json.loads(line)["event"] for line in (stopping, stopped)] == ["stopping", "stopped"]
        assert json.loads(stopped)["what"] == what
    else:
        assert stopping.startswith("tapwright: stopping: no new connections are taken")
        assert stopped == f"tapwright: stopped: {what}"


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_signals_end_it_politely(tmp_path, number):
    """Exit code 0, what was decided is there again, and both ports are free at once."""
    server = ServerProcess(tmp_path / "data", "--log-level", "info", "--log-format", "json")
    issuer, phone = Issuer(server.http_url), Phone(server.http_url)
    account = issuer.open_account("EUR", 1_000)
    phone.provision(issuer.issue_card(account["id"])["id"])
    terminal = Terminal(server.iso_address)
    assert terminal.pay(phone, 5).approved
    os.kill(server.pid, number)
    assert server.stop() == 0
    terminal.close()
    issuer.close()
    phone.close()
    ports = ["--http-port", server.http_url.rpartition(":")[2], "--iso-port", str(server.iso_address[1])]
    again = ServerProcess(tmp_path / "data", "--log-level", "warning", *ports)
    issuer = Issuer(again.http_url)
    assert issuer.balance(account["id"])["held"] == 5
    issuer.close()
    assert again.stop() == 0


def test_logs_are_structured_and_hold_no_secret(server, data):
    """Each line is one JSON object; a whole story leaves no number, key or proof in them or in the journal."""
    issuer, phone = Issuer(server.http_url), Phone(server.http_url)
    card = issuer.issue_card(issuer.open_account("EUR", 1_000)["id"])
    phone.provision(card["id"])
    terminal = Terminal(server.iso_address)
    transaction = terminal.start(5)
    tap = phone.tap(transaction.values)
    assert terminal.authorize(transaction, tap).approved
    request = terminal.authorization_request(transaction, tap)
    request[49] = "x78"
    assert terminal.link.exchange(request)[39] == "30"
    terminal.close()
    lines = [json.loads(line) for line in server.log_text().splitlines()]
    assert {"ready", "connection_opened", "format_error"} <= {line["event"] for line in lines}
    text = server.log_text()
    assert tap.track2.pan not in text
    assert request[55] not in text
    assert "tapwright-test" not in text
    assert "eyJ" not in text
    key = (data / "root.key").read_bytes()
    assert key.hex() not in text
    issuer.close()
    phone.close()


@pytest.mark.usefixtures("server")
def test_private_files_are_private(data):
    """Only its owner can read anything of a network: root key, vault, history, journal."""
    files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in data.rglob("*") if file.is_file()}
    assert {"root.key", "vault.db", "vault.db-wal", "history.db", "LOCK"} < set(files)
    assert set(files.values()) == {0o600}
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_what_others_could_read_is_theirs_no_longer(tmp_path):
    """A data directory of an earlier version is made private when it is opened."""
    settings = scratch_settings(data := tmp_path / "data")
    with running_sandbox(settings):
        pass
    data.chmod(0o755)
    for name in ("vault.db", "history.db"):
        (data / name).chmod(0o644)
    with running_sandbox(settings):
        pass
    assert {stat.S_IMODE((data / name).stat().st_mode) for name in ("vault.db", "history.db")} == {0o600}
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_help_is_quick_to_import():
    """`tapwright --help` loads neither engine nor web server."""
    program = (
        "import sys; from simulators.cli.command_line import argument_parser; argument_parser().format_help(); "
        + ("print([name for name in ('numba', 'fastapi', 'sqlalchemy', 'rich') if name in sys.modules])")
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
