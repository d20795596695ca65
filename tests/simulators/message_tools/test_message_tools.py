"""Message tools: decode, encode, send, EMV data, recording and replaying."""

import json
import socket
import stat
import subprocess
import sys

import pytest

from authz.iso8583.dialects.fields import built_in
from authz.iso8583.encoding import codec
from simulators.cli.command_line import main
from simulators.message_tools.recording import RecordingError, read_recording
from simulators.terminals.terminal import Terminal

ECHO = ["0=0800", "7=1125101500", "11=000123", "70=301"]


@pytest.mark.parametrize("dialect", ["ascii_1987", "bcd_1987", "unionpay_like"])
@pytest.mark.parametrize("framed", [[], ["--framed"]])
def test_encode_and_decode(capsys, dialect, framed):
    """What one writes the other reads, field by field with names."""
    assert main(["iso", "encode", *ECHO, "--dialect", dialect, *framed]) == 0
    encoded = capsys.readouterr().out.strip()
    assert main(["iso", "decode", encoded, "--dialect", dialect, *framed]) == 0
    shown = capsys.readouterr().out
    for words in ("0800", "System trace audit number", "000123", "301"):
        assert words in shown


def test_decode_masks_and_opens_chip_data(capsys):
    """Card numbers masked, PINs left out, DE 55 as a tree, DE 39 in words."""
    message = {
        0: "0110",
        2: "9999501000000011",
        39: "51",
        52: "0123456789ABCDEF",
        55: "9F360200019F2701805A089999501000000011",
    }
    assert main(["iso", "decode", codec.encode(message, built_in()).hex()]) == 0
    shown = capsys.readouterr().out
    assert "9999501000000011" not in shown
    assert "0123456789ABCDEF" not in shown
    for words in ("9F36 Application Transaction Counter", "insufficient_funds", "(PIN)"):
        assert words in shown


def test_decode_shows_what_it_could_read(capsys):
    """Then what is wrong, by field and byte."""
    encoded = codec.encode({0: "0100", 3: "000000", 4: "000000001250"}, built_in())
    assert main(["iso", "decode", encoded[:-3].hex()]) == 1
    told = capsys.readouterr()
    assert "000000" in told.out
    assert "field 4, at byte 18, is cut off: 12 bytes expected, 9 there" in told.err


@pytest.mark.parametrize(
    ("text", "dialect", "told"),
    [
        (
            "0100", "ascii_1987",
            "message type, at byte 0, is cut off: 4 bytes expected, 2 there (dialect ascii_1987: the type is four "
            "ASCII digits, 30313030; for BCD use --dialect bcd_1987)",
        ),
        (
            "30313030", "ebcdic_1987",
            "message type, at byte 0, has characters that are not allowed (dialect ebcdic_1987: the type is four "
            "characters, F0F1F0F0; for ASCII use --dialect ascii_1987)",
        ),
        (
            "AB00", "bcd_1987",
            "message type, at byte 0, is not four digits (dialect bcd_1987: the type is two bytes in BCD, 0100; for "
            "ASCII use --dialect ascii_1987)",
        ),
    ],
)  # fmt: skip
def test_decode_says_how_a_message_begins(text, dialect, told, capsys):
    """Nothing could be read, so there is no table, not even its headings."""
    assert main(["iso", "decode", text, "--dialect", dialect]) == 1
    assert capsys.readouterr() == ("", f"tapwright: {told}\n")


def test_decode_names_a_value_that_cannot_be(capsys):
    """After showing the whole message."""
    encoded = codec.encode({0: "0100", 7: "1325120000", 11: "000123"}, built_in())
    assert main(["iso", "decode", encoded.hex()]) == 1
    told = capsys.readouterr()
    assert "000123" in told.out
    assert told.err == "tapwright: field 7 has an impossible date\n"


def test_format_errors_in_words(capsys, sandbox, monkeypatch):
    """DE 44 of the answer is shown as a sentence."""
    monkeypatch.setenv("COLUMNS", "160")
    address = f"{sandbox.iso_address[0]}:{sandbox.iso_address[1]}"
    parts = ["0=0800", "7=1325101500", "11=000123", "70=301"]
    assert main(["iso", "send", *parts, "--iso", address]) == 0
    shown = capsys.readouterr().out
    for words in ("format error)", "007 impossible_date", "(DE 7 has an impossible date)"):
        assert words in shown


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["iso", "decode", "XY"], "the message: expected hexadecimal digits"),
        (["iso", "decode", ""], "the message: there is nothing to decode"),
        (["iso", "decode", "012"], "the message: expected an even number of hexadecimal digits"),
        (["iso", "encode", "0100"], "'0100' is not NUMBER=VALUE"),
        (["iso", "encode", "4=1"], "the message type is missing"),
        (["iso", "encode", "0=0100", "4=1"], "field 4"),
        (["iso", "encode", "0=0100", "--dialect", "klingon"], "no dialect klingon"),
        (["iso", "send", *ECHO, "--iso", "nowhere"], "--iso 'nowhere' is not HOST:PORT"),
        (["iso", "send", *ECHO, "--iso", "127.0.0.1:1"], "cannot reach 127.0.0.1:1"),
        (["emv", "decode", "9F3602"], "is cut off"),
        (["emv", "decode", "XY"], "the EMV data: expected hexadecimal digits"),
        (["emv", "decode", ""], "the EMV data: there is nothing to decode"),
        (["emv", "decode", "9F3"], "the EMV data: expected an even number of hexadecimal digits"),
        (["iso", "send", "0=0800", "7=1125101500", "11=00012x", "70=301"], "nothing was sent: field 11 ("),
        (["iso", "send", "0=0800", "7=1125101500", "11=000123", "70=3x1"], "nothing was sent: field 70 ("),
        (["replay", "/nowhere"], "/nowhere: no such file or directory"),
        (["attack", "tickling"], "there is no attack tickling"),
        (["switch", "--route", "4"], "is not DIGITS=HOST:PORT"),
        (["terminal", "much"], "'much' is not an amount"),
        (
            ["terminal", "1.001"],
            "amount 1.001: an amount in EUR is from 0 to 9,999,999,999.99, with at most 2 decimals",
        ),
        (["terminal", "1", "--currency", "XXX"], "is not an ISO 4217 code"),
    ],
)
def test_what_makes_no_sense(capsys, arguments, problem):
    """Is one line. The exit code is 2, or 1 where bytes turn out to be no EMV data and nobody is reached."""
    assert main(arguments) == (1 if "cut off" in problem or "cannot reach" in problem else 2)
    told = capsys.readouterr().err
    assert problem in told
    assert "Traceback" not in told


def test_send(capsys, sandbox):
    """To a running network, and its answer in words."""
    host, port = sandbox.iso_address
    assert main(["iso", "send", *ECHO, "--iso", f"{host}:{port}"]) == 0
    shown = capsys.readouterr().out
    assert "0810" in shown
    assert "approved" in shown


def test_emv_decode_names_what_is_registered(capsys):
    """Issuer application data is split into its fields; a length that no element of this tag has is remarked."""
    data = "9F101307000103A04002010A010000001000D1F61152" + "00" + "9F1502541100" + "9F0201FF" + "DF010101"
    assert main(["emv", "decode", data]) == 0
    shown = capsys.readouterr().out
    assert (
        "9F10 Issuer Application Data: 07000103A04002010A010000001000D1F61152\n  PBOC, UnionPay\n    length: 07\n"
        in shown
    )
    assert "    card verification results: 03A04002\n" in shown
    assert "9F15 Merchant Category Code: 5411\n" in shown
    assert "9F02 Amount, Authorised (Numeric): FF (1 bytes, where 6 are defined)\n" in shown
    assert "DF01: 01\n" in shown


def test_emv_decode(capsys):
    """A tree, with object lists opened and track 2 masked."""
    assert main(["emv", "decode", "8C039F0206" + "700F" + "570D9999501000000011D29112010F"]) == 0
    shown = capsys.readouterr().out
    assert "9F02 Amount, Authorised (Numeric), 6 bytes" in shown
    assert "9999501000000011" not in shown
    assert "expires 2911" in shown


def test_record_and_replay(tmp_path, sandbox, issuer, new_phone, clock, capsys):
    """Real traffic through the recorder, into a file of one's own; replayed, a payment is a replay, an echo an echo."""
    host, port = sandbox.iso_address
    file = tmp_path / "day.jsonl"
    command = [
        sys.executable,
        "-m",
        "simulators.cli",
        "record",
        str(file),
        "--to",
        f"{host}:{port}",
        "--port",
        "0",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as recorder:
        address = recorder.stdout.readline().split()[2].rpartition(":")
        phone = new_phone()
        phone.provision(issuer.issue_card(issuer.open_account("EUR", 100_000)["id"])["id"])
        terminal = Terminal((address[0], int(address[2])), clock=clock)
        assert terminal.pay(phone, 1_250).approved
        terminal.echo()
        terminal.close()
        recorder.terminate()
        assert "4 messages recorded" in recorder.stdout.read()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    frames = list(read_recording(file))
    assert [frame.way for frame in frames] == ["to_host", "to_client"] * 2
    assert main(["replay", str(file), "--to", f"{host}:{port}"]) == 1
    shown = capsys.readouterr().out
    assert "0100" in shown
    assert "00 before, 94 now" in shown
    assert "1 of 2 answered as before" in shown
    assert main(["record", str(file)]) == 2
    assert "already exists" in capsys.readouterr().err


def test_a_file_that_is_no_recording(tmp_path, capsys):
    """The line is named."""
    file = tmp_path / "x.jsonl"
    file.write_text(json.dumps({"seconds": 0, "connection": 0, "way": "to_host", "frame": "00"}) + "\nnonsense\n")
    with pytest.raises(RecordingError, match=r"x\.jsonl:2"):
        list(read_recording(file))
    assert main(["replay", str(file)]) == 2
    assert "x.jsonl:2" in capsys.readouterr().err


def test_the_switch_as_a_process(sandbox, issuer, new_phone, clock):
    """Routes to the network, and says what it cannot."""
    from simulators.parties.sandbox_constants import TOKEN_BIN

    host, port = sandbox.iso_address
    command = [
        sys.executable,
        "-m",
        "simulators.cli",
        "switch",
        "--port",
        "0",
        "--route",
        f"{TOKEN_BIN}={host}:{port}",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as switch:
        address = switch.stdout.readline().split()[2].rpartition(":")
        phone = new_phone()
        phone.provision(issuer.issue_card(issuer.open_account("EUR", 100_000)["id"])["id"])
        terminal = Terminal((address[0], int(address[2])), clock=clock)
        assert terminal.pay(phone, 100).approved
        terminal.close()
        switch.terminate()
        assert switch.wait() == 0


def test_a_port_that_is_taken(capsys):
    """Is one line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["switch", "--port", port, "--route", "4=127.0.0.1:1"]) == 1
    assert f"port {port}" in capsys.readouterr().err
