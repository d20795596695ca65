"""Malformed, truncated, oversized and endless frames: a clear answer or a clean end, and nobody else notices."""

import socket
import time

import httpx
import pytest
import structlog.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authz.iso8583.dialects.fields import built_in
from authz.iso8583.encoding import codec
from authz.network.processor import framed
from simulators.parties import sandbox_constants
from simulators.sandbox.wiring import running_sandbox
from tests.conftest import settings_for

_FRAMES_AN_EXAMPLE = 20

GOOD_REQUEST = {
    0: "0100",
    3: "000000",
    4: "000000001250",
    7: "1124120000",
    11: "123456",
    14: "2912",
    18: "5814",
    22: "071",
    23: "001",
    32: "99900000002",
    35: "9999501000000017=29122010",
    37: "632812123456",
    41: "TERM0001",
    42: "CAFE00000000001",
    43: f"{'TAPWRIGHT CAFE':<25}{'BERLIN':<13}DE",
    49: "978",
    55: "9F02060000000012509F03060000000000009F1A020276950500000000005F2A0209789A032611249C01009F37041234ABCD82021980"
    "9F360200019F10070601A603A400009F260811223344556677889F270180",
}
ECHO = {0: "0800", 7: "0101000000", 11: "987654", 70: "301"}
LAST_REQUEST = GOOD_REQUEST | {7: "0101000000", 11: "987655"}


class RawLine:
    """A TCP connection that sends whatever it is told."""

    def __init__(self, address):
        self._socket = socket.create_connection(address, 10)

    def send(self, data):
        """Send bytes as they are."""
        self._socket.sendall(data)

    def read_message(self):
        """The next framed message, decoded; None where the server closed the line."""
        header = self._socket.recv(2, socket.MSG_WAITALL)
        if len(header) < 2:
            return None
        return codec.decode(self._socket.recv(int.from_bytes(header, "big"), socket.MSG_WAITALL), built_in())

    def is_open(self, wait):
        """Whether the server has not closed the line after so many seconds."""
        self._socket.settimeout(wait)
        try:
            return self._socket.recv(1) != b""
        except TimeoutError:
            return True
        except ConnectionError:
            return False

    def exchange(self, data):
        """Send bytes and return all answers to them.

        Decisions come in order, and everything else comes at once: when an echo test and a decision sent last are
        both answered, nothing is outstanding.
        """
        last = [framed(codec.encode(message, built_in())) for message in (ECHO, LAST_REQUEST)]
        self.send(data + b"".join(last))
        answers, awaited = [], {(ECHO[7], ECHO[11]), (LAST_REQUEST[7], LAST_REQUEST[11])}
        while awaited:
            answer = self.read_message()
            assert answer is not None, "the server closed the line"
            if (trace := (answer.get(7), answer.get(11))) in awaited:
                awaited.remove(trace)
            else:
                answers.append(answer)
        return answers

    def close(self):
        """Hang up."""
        self._socket.close()


@pytest.fixture
def line(sandbox):
    """A raw line to the shared network."""
    made = RawLine(sandbox.iso_address)
    yield made
    made.close()


@pytest.fixture
def good_request():
    """A well-formed 0100 of a token that nobody has."""
    return dict(GOOD_REQUEST)


def _original(message_type, transmitted):
    """DE 90."""
    return f"{message_type}123456{transmitted}{99900000002:011d}{0:011d}"


def _with(request, **changes):
    """A request with fields replaced (f4="...") or removed (f4=None)."""
    fields = dict(request)
    for name, value in changes.items():
        if value is None:
            del fields[int(name[1:])]
        else:
            fields[int(name[1:])] = value
    return fields


MALFORMED = [
    ({"f4": None}, "004 missing", "DE 4 is missing"),
    ({"f11": None}, "011 missing", "DE 11 is missing"),
    ({"f49": None}, "049 missing", "DE 49 is missing"),
    ({"f23": None}, "023 missing", "DE 23 is missing, which DE 55 requires"),
    ({"f35": None, "f14": None}, "002 missing", "DE 2 and DE 35 are both missing"),
    ({"f2": "9999501000000025"}, "002 contradiction", "DE 2 is not the PAN in DE 35"),
    ({"f2": "999950100000001"}, "002 contradiction", "DE 2 is not the PAN in DE 35"),
    ({"f35": None, "f2": "9999501"}, "002 wrong_length", "DE 2 has a length"),
    ({"f14": "3001"}, "014 contradiction", "DE 14 is not the expiry in DE 35"),
    ({"f35": "99995010000000172912201"}, "035 wrong_structure", "DE 35 is not a PAN"),
    ({"f35": "9999501000000017=2913201", "f14": None}, "035 impossible_date", "DE 35 has an expiry"),
    ({"f35": "9999501000000017D2912301"}, "035 impossible_code", "DE 35 has an impossible service code"),
    ({"f35": "9999501000000017=291220"}, "035 impossible_code", "DE 35 has an impossible service code"),
    ({"f55": "9F0206000000001250"}, "055 missing_tag 9F03", "DE 55 lacks tag 9F03"),
    ({"f55": "9F02"}, "055 cut_off", "DE 55 is cut off"),
    ({"f55": "9F02050000001250"}, "055 wrong_tag 9F02", "DE 55 has tag 9F02 twice, or"),
    ({"f55": "9F0285FFFFFFFFFF"}, "055 wrong_length", "DE 55 has a length"),
    ({"f0": "0400"}, "090 missing", "DE 90 is missing"),
    ({"f0": "0400", "f90": "9" * 42}, "090 impossible_date", "DE 90 has an impossible"),
    ({"f0": "0400", "f90": _original("0430", "1124120000")}, "090 wrong_structure", "DE 90 has a message type"),
    ({"f0": "0400", "f90": _original("0100", "0230120000")}, "090 impossible_date", "DE 90 has an impossible"),
    ({"f0": "0400", "f90": _original("0100", "1124240000")}, "090 impossible_time", "DE 90 has an impossible"),
    ({"f54": "3040978D00000000100"}, "054 wrong_structure", "DE 54 is not a list"),
    ({"f54": "3040978X000000000100"}, "054 wrong_structure", "DE 54 is not a list"),
    ({"f54": "3040840D000000000100"}, "054 contradiction", "DE 54 has cash-back in a currency other"),
    ({"f54": "3001978C000000000000" + "3040000D000000000100"}, "054 impossible_code", "DE 54 has a code"),
    ({"f48": "61"}, "048 wrong_structure", "DE 48 is not a list"),
    ({"f59": "Berlin"}, "059 wrong_structure", "DE 59 is not a position"),
    ({"f60": "0201"}, "060 wrong_structure", "DE 60 is not a completion number"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "additional_response_data", "sentence"), MALFORMED)
def test_a_malformed_request_is_answered_30(line, good_request, changes, additional_response_data, sentence):
    """DE 39 = 30 on the same line; DE 44 names field and code, the log has the sentence, and neither has the PAN."""
    request = _with(good_request, **changes)
    with structlog.testing.capture_logs() as logs:
        (answer,) = line.exchange(framed(codec.encode(request, built_in())))
    assert (answer[39], answer[44]) == ("30", additional_response_data)
    assert int(answer[0]) == int(request[0]) + 10
    assert answer.get(11) == request.get(11)
    (entry,) = [entry for entry in logs if entry["event"] == "format_error"]
    assert entry["reason"].startswith(sentence)
    assert (entry["field"], entry["code"]) == (int(answer[44][:3]), answer[44].split()[1])
    assert "99995010" not in str(logs)


def test_recent_format_errors_can_be_read(line, good_request, sandbox):
    """Over HTTP, the newest first, as sentences; nothing of the card in them."""
    for stan, changes in (("000001", {"f14": "3001"}), ("000002", {"f55": "9F02060000000012509F0306"})):
        request = _with(good_request, f11=stan, **changes)
        (answer,) = line.exchange(framed(codec.encode(request, built_in())))
        assert answer[39] == "30"
    headers = {"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
    url = f"{sandbox.http_url}/v1/simulations/format_errors"
    answer = httpx.get(url, params={"limit": 2}, headers=headers)
    newest, before = answer.json()["data"]
    assert (newest["stan"], newest["additional_response_data"]) == ("000002", "055 cut_off")
    assert (before["stan"], before["field"], before["code"]) == ("000001", 14, "contradiction")
    sent = codec.encode(_with(good_request, f11="000001", f14="3001"), built_in())
    assert sent[before["offset"] : before["offset"] + 4] == b"3001"
    assert newest["offset"] == codec.encode(good_request, built_in()).index(bytes.fromhex("9F02")) - 3
    assert before["sentence"] == "DE 14 is not the expiry in DE 35"
    assert (before["message_type"], before["transmission_time"], before["part"]) == ("0100", good_request[7], None)
    assert good_request[35][:16] not in answer.text
    assert httpx.get(url, headers={"Authorization": f"Bearer {sandbox_constants.ISSUER_API_KEY}"}).status_code == 403


def test_messages_without_a_decision_are_listed(line, sandbox):
    """Echo tests and malformed messages, for the network and the operator."""
    wrong = codec.encode(GOOD_REQUEST | {7: "1325120000", 11: "000009"}, built_in())
    line.exchange(framed(wrong))
    url = f"{sandbox.http_url}/v1/simulations/undecided_messages"
    for key in (sandbox_constants.SANDBOX_API_KEY, sandbox_constants.NETWORK_API_KEY):
        answer = httpx.get(url, headers={"Authorization": f"Bearer {key}"})
        listed = {each["stan"]: each for each in answer.json()["data"]}
        told = listed["000009"]
        assert (told["reason"], told["response_code"], told["field"], told["offset"]) == ("format_error", "30", 7, 30)
        assert told["sentence"] == "DE 7 has an impossible date"
        assert (listed[ECHO[11]]["reason"], listed[ECHO[11]]["network_code"]) == ("network_management", "301")
        assert GOOD_REQUEST[35][:16] not in answer.text
    for key in (sandbox_constants.ISSUER_API_KEY, sandbox_constants.WALLET_API_KEY):
        assert httpx.get(url, headers={"Authorization": f"Bearer {key}"}).status_code == 403


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (codec.encode(GOOD_REQUEST | {7: "1325120000"}, built_in()), (7, 30)),
        (codec.encode(GOOD_REQUEST, built_in())[:34], (7, 30)),
        (codec.encode(GOOD_REQUEST | {11: "12x456"}, built_in()), (11, 40)),
        (codec.encode({n: value for n, value in GOOD_REQUEST.items() if n != 49}, built_in()), (49, None)),
    ],
)
def test_format_errors_have_a_place(line, sandbox, sent, expected):
    """The byte where the field begins; none of a field that is not there."""
    assert codec.encode(GOOD_REQUEST, built_in()).index(b"1124120000123456") == 30
    line.exchange(framed(sent))
    url = f"{sandbox.http_url}/v1/simulations/format_errors"
    answer = httpx.get(
        url, params={"limit": 1}, headers={"Authorization": f"Bearer {sandbox_constants.SANDBOX_API_KEY}"}
    )
    (newest,) = answer.json()["data"]
    assert (newest["field"], newest["offset"]) == expected


@pytest.mark.parametrize("number", [37, 41, 42, 43, 48])
@pytest.mark.parametrize("character", ["\x00", "\n", "\x1b", "\x7f"])
def test_control_characters_are_refused(line, good_request, number, character):
    """No text holds them: they could end a line in a log, or move the cursor of whoever reads it."""
    text = good_request.get(number, "4201X")
    request = {**good_request, number: text[:-1] + character}
    (answer,) = line.exchange(framed(codec.encode(request, built_in())))
    assert (answer[39], answer[44]) == ("30", f"{number:03d} wrong_characters")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"f7": "0229120000"}, "14"),
        ({"f7": "1231235959"}, "14"),
        ({"f22": "999"}, "14"),
        ({"f49": "123"}, "14"),
        ({"f19": "899"}, "14"),
        ({"f18": "0001"}, "14"),
        ({"f35": "9999501000000017=2912", "f14": None}, "14"),
        ({"f35": "9999501000000017D2912=0"}, "14"),
    ],
)
def test_what_is_possible_is_decided(line, good_request, changes, code):
    """A value that is merely not served is no format error: here the token is the first thing that is unknown."""
    (answer,) = line.exchange(framed(codec.encode(_with(good_request, **changes), built_in())))
    assert (answer[39], answer.get(44)) == (code, None)


def test_network_management_is_held_to_the_same(line):
    """0800 with a transmission time that cannot be, or none."""
    for changes, expected in (({"f7": "1325120000"}, "007 impossible_date"), ({"f70": None}, "070 missing")):
        message = _with(ECHO, f11="000001", **changes)
        (answer,) = line.exchange(framed(codec.encode(message, built_in())))
        assert (answer[0], answer[11], answer[39], answer[44]) == ("0810", "000001", "30", expected)


@pytest.mark.parametrize(
    ("message_type", "answered"),
    [
        ("1100", "1110"), ("1101", "1110"), ("1120", "1130"), ("1140", "1150"), ("1200", "1210"), ("1420", "1430"),
        ("1800", "1810"), ("1804", "1814"), ("2100", "2110"), ("2161", "2170"), ("3100", "3110"), ("8100", "8110"),
        ("9100", "9110"), ("0300", "0310"), ("0102", "0112"), ("0103", "0112"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("damage", [b"", b"\x00" * 3, None])
def test_another_version_or_function_is_answered_40(line, good_request, message_type, answered, damage):
    """Whatever its fields look like in that version; a function that we do not serve must at least be readable."""
    raw = codec.encode({**good_request, 0: message_type}, built_in())
    raw = raw[:60] if damage is None else raw + damage
    (answer,) = line.exchange(framed(raw))
    is_readable = message_type[0] != "0" or damage == b""
    assert (answer[0], answer[11], answer[39]) == (answered, good_request[11], "40" if is_readable else "30")


@pytest.mark.parametrize("message_type", ["1110", "0110", "1130", "1190", "1000", "2150", "0170", "9930"])
def test_answers_are_never_answered(line, good_request, message_type):
    """Two hosts that answered each other's answers would never stop."""
    for raw in (codec.encode({**good_request, 0: message_type}, built_in()), message_type.encode() + bytes(5)):
        assert line.exchange(framed(raw)) == []


@pytest.mark.parametrize("cut", [4, 11, 12, 30, 60, 200])
def test_a_truncated_message_is_answered_30(line, good_request, cut):
    """A message that ends too early is answered as far as it could be read."""
    raw = codec.encode(good_request, built_in())[:cut]
    (answer,) = line.exchange(framed(raw))
    assert (answer[0], answer[39], answer[44][4:]) == ("0110", "30", "cut_off")
    if cut >= 60:
        assert answer[11] == good_request[11]


@pytest.mark.parametrize(
    "raw", [b"", b"x", b"01", b"\xff" * 20, b"0110" + bytes(8), b"ABCD" + bytes(8), b"0\xb2\xb300" + bytes(9)]
)
def test_no_answer_where_none_can_be_given(line, raw):
    """Without a readable request type there is nothing to answer; the line stays good."""
    assert line.exchange(framed(raw)) == []


def test_an_oversized_message_is_answered_and_skipped(line, good_request):
    """A message over the limit is answered from its first bytes, and what follows it is read as if nothing was."""
    raw = codec.encode(good_request, built_in())
    for padding in (5_000, 60_000):
        with structlog.testing.capture_logs() as logs:
            (answer,) = line.exchange(framed(raw + bytes(padding)))
        assert (answer[0], answer[11], answer[39]) == ("0110", good_request[11], "30")
        assert answer[44] == "000 too_long"
        assert any(entry["event"] == "message_too_long" and entry["bytes"] > 4096 for entry in logs)


def test_an_endless_frame_ends_its_own_line_only(tmp_path, clock):
    """A frame that never completes, even drop by drop, is cut after its time; another line goes on undisturbed."""
    settings = settings_for(tmp_path / "data").model_copy(update={"frame_seconds_max": 0.3})
    with running_sandbox(settings, clock) as sandbox, structlog.testing.capture_logs() as logs:
        endless, other = RawLine(sandbox.iso_address), RawLine(sandbox.iso_address)
        endless.send(b"\x0f\x00")
        started = time.monotonic()
        while endless.is_open(wait=0.02):
            endless.send(b"0")
            assert other.exchange(b"") == []
            assert time.monotonic() - started < 10, "the endless frame was never cut"
        assert other.exchange(b"") == []
        assert "frame_stalled" in {entry["event"] for entry in logs}
        endless.close()
        other.close()


@pytest.mark.parametrize("frames", [2_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_mutated_frames(line, good_request, frames):
    """Thousands of damaged frames: the line keeps answering, and every answer is a well-formed message."""

    @settings(max_examples=frames // _FRAMES_AN_EXAMPLE, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def answers_well(data):
        raw = codec.encode(good_request, built_in())
        stream = bytearray()
        for _ in range(_FRAMES_AN_EXAMPLE):
            mutated = bytearray(raw)
            for _ in range(data.draw(st.integers(1, 6))):
                position = data.draw(st.integers(0, len(mutated) - 1))
                kind = data.draw(st.sampled_from(["flip", "insert", "delete"]))
                if kind == "flip":
                    mutated[position] ^= 1 << data.draw(st.integers(0, 7))
                elif kind == "insert":
                    mutated[position:position] = data.draw(st.binary(min_size=1, max_size=8))
                elif len(mutated) > 8:
                    del mutated[position : position + data.draw(st.integers(1, 8))]
            stream += framed(bytes(mutated))
        answers = line.exchange(bytes(stream))
        assert len(answers) <= _FRAMES_AN_EXAMPLE
        for answer in answers:
            assert answer[39] != "00"

    answers_well()


@given(data=st.binary(min_size=1, max_size=600))
@settings(max_examples=200, suppress_health_check=list(HealthCheck))
def test_arbitrary_streams(sandbox, data):
    """Arbitrary bytes on one line, however they frame, never disturb another line."""
    wild, calm = RawLine(sandbox.iso_address), RawLine(sandbox.iso_address)
    wild.send(data)
    assert calm.exchange(b"") == []
    wild.close()
    calm.close()


def test_messages_in_any_pieces(line, good_request):
    """Where the stream is cut into packets makes no difference."""
    raw = framed(codec.encode(good_request, built_in())) * 3
    for size in (1, 2, 3, 7, 100):
        for start in range(0, len(raw), size):
            line.send(raw[start : start + size])
        assert [line.read_message()[39] for _ in range(3)] == ["14"] * 3
