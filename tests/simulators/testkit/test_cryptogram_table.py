"""`tapwright emv check`: a tap's cryptogram as a table, and the exit code by whether all agrees."""

import io
import json

import pytest

from simulators.cli.command_line import main
from simulators.terminals.message_log import Trace
from simulators.testkit.kit import TestKit


@pytest.fixture(scope="module")
def tapped(sandbox, clock):
    """A phone's token, and DE 55 of its first payment."""
    with TestKit(sandbox.http_url, sandbox.iso_address, wall_clock=clock) as kit:
        phone = kit.phone(profile="tdes")
        trace = Trace()
        terminal = kit.terminal(watcher=trace.watcher("till"))
        assert terminal.pay(phone, 1_250).approved
        return phone.token_id, trace.messages[0].shown()["55"]


def checked(sandbox, tapped, capsys, *more, hexadecimal=None):
    """Exit code, output and errors."""
    token, chip_data = tapped
    arguments = ["emv", "check", hexadecimal or chip_data, "--token", token, "--url", sandbox.http_url]
    code = main([*arguments, *more])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_a_tap_that_matches(sandbox, tapped, capsys, monkeypatch):
    """Its keys by check values, each field, and that it matches; DE 55 may come from standard input, in groups."""
    code, shown, _ = checked(sandbox, tapped, capsys)
    assert code == 0
    for words in (tapped[0], "VSDC CVN 18", "9F36", "Application Transaction Counter", "padding", "MATCHES"):
        assert words in shown
    assert "differs" not in shown
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{tapped[1][:8]} {tapped[1][8:]}\n"))
    assert checked(sandbox, tapped, capsys, hexadecimal="-") == (0, shown, "")


def test_what_differs_is_named(sandbox, tapped, capsys):
    """The step, the field and the mistake; the exit code says that something differs."""
    _, answer, _ = checked(sandbox, tapped, capsys, "--json")
    data = json.loads(answer)["input"]["bytes"]
    code, shown, _ = checked(sandbox, tapped, capsys, "--input", data[:12] + data[24:])
    assert code == 1
    assert "yours differs in the step input: the input differs first at byte 6, in 9F03" in shown
    assert "missing_field: " in shown
    code, shown, _ = checked(sandbox, tapped, capsys, "--arqc", "00" * 8)
    assert (code, "none of the usual mistakes explains it" in shown) == (1, True)
    late = tapped[1].replace("9F36020001", "9F36020002")
    code, shown, _ = checked(sandbox, tapped, capsys, hexadecimal=late)
    assert (code, "DIFFERS" in shown, "another_atc: " in shown) == (1, True, True)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--arqc", "00"], "422 invalid_field: believed.arqc"),
        (["--token", "tok_0000000000001"], "404 not_found"),
        (["--api-key", "tapwright-test-issuer"], "403 missing_scope"),
    ],
)
def test_what_is_refused(sandbox, tapped, capsys, more, words):
    """In one line."""
    code, shown, error = checked(sandbox, tapped, capsys, *more)
    assert (code, shown, error.count("\n")) == (1, "", 1)
    assert words in error
