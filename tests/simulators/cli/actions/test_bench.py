"""`tapwright bench` from its command line: what it refuses, and a run against the shared network."""

import json
import socket

import pytest

from simulators.cli.actions.bench import read_request
from simulators.cli.command_line import main
from simulators.cli.flags.server_address import UsageError
from simulators.load.customers import phones_for
from simulators.load.report import as_json, plot
from simulators.load.tally import Tally

_REQUEST = {
    "0": "0100",
    "2": "9999501000000000",
    "3": "000000",
    "4": "000000000100",
    "7": "1124120000",
    "11": "000001",
    "18": "5411",
    "22": "010",
    "32": "99900000002",
    "37": "000000000001",
    "41": "TERM0001",
    "42": "CAFE00000000001",
    "49": "978",
}


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--rate", "0"], "--rate"),
        (["--window", "0"], "--window"),
        (["--seconds", "2", "--warm-up", "2"], "--warm-up"),
        (["--iso", "nowhere"], "--iso"),
    ],
)
def test_flags_that_make_no_sense_are_named(capsys, flags, named):
    """Exit code 2, and one line that says which."""
    assert main(["bench", *flags]) == 2
    assert named in capsys.readouterr().err


def test_a_server_that_is_not_there_is_one_line(capsys):
    """Exit code 1, no traceback: neither of the two ports that a load needs."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        flags = ["--iso", f"127.0.0.1:{listening.getsockname()[1]}", "--url", "http://127.0.0.1:9", "--phones", "1"]
        assert main(["bench", *flags]) == 1
    assert "no server at http://127.0.0.1:9" in capsys.readouterr().err
    assert main(["bench", *flags]) == 1
    assert f"cannot reach {flags[1]}" in capsys.readouterr().err


def test_a_request_file_says_what_is_wrong_with_it(tmp_path, capsys):
    """A file that is no message is refused before anything is sent."""
    path = tmp_path / "request.json"
    path.write_text('["0100"]')
    with pytest.raises(UsageError, match="request"):
        read_request(path)
    assert main(["bench", "--request", str(path)]) == 2
    assert "object of field numbers" in capsys.readouterr().err


def test_phones_suffice_for_their_transaction_counters():
    """A counter has 16 bits, so a long load needs many phones."""
    assert phones_for(100) == 32
    assert phones_for(60_000_000) * 60_000 > 60_000_000


@pytest.mark.slow
def test_a_foreign_host_is_loaded_and_the_run_is_kept(sandbox, tmp_path, capsys):
    """Results as a table, as JSON and as a picture."""
    request, written, drawn = tmp_path / "request.json", tmp_path / "run.json", tmp_path / "run.svg"
    request.write_text(json.dumps(_REQUEST))
    host, port = sandbox.iso_address
    flags = [
        "--iso",
        f"{host}:{port}",
        "--request",
        str(request),
        "--rate",
        "300",
        "--seconds",
        "2",
        "--warm-up",
        "0.5",
    ]
    assert main(["bench", *flags, "--json", str(written), "--plot", str(drawn)]) == 0
    run = json.loads(written.read_text())
    assert run["answers"]["plain"]["other"] == run["answered"] > 0
    assert run["generator_by_itself"]["per_second"] > run["per_second"]
    assert drawn.read_text().lstrip().startswith("<?xml")
    assert "answers a second" in capsys.readouterr().out


def test_a_plot_of_an_empty_run_is_a_plot(tmp_path):
    """A run without an answer can be drawn too."""
    plot(tmp_path / "empty.png", as_json(Tally(0.0), None, {}))
    assert (tmp_path / "empty.png").read_bytes().startswith(b"\x89PNG")
