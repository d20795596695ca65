"""Malformed, truncated, oversized and endless frames: a clear answer or a clean end, and nobody else notices."""

import socket
import time

import pytest
import structlog.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authz.iso8583 import codec
from authz.iso8583.fields import built_in
from authz.network import framed
from simulators.sandbox import running_sandbox
from tests.conftest import settings_for

MUTATED_FRAMES = 10_000
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


def _with(request, **changes):
    """A request with fields replaced (f4="...") or removed (f4=None)."""
    fields = dict(request)
    for name, value in changes.items():
        if value is None:
            del fields[int(name[1:])]
        else:
            fields[int(name[1:])] = value
    return fields


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"f4": None}, "field 4 is missing"),
        ({"f11": None}, "field 11 is missing"),
        ({"f49": None}, "field 49 is missing"),
        ({"f35": None, "f14": None}, "field 2 is missing"),
        ({"f2": "9999501000000025"}, "field 35 has content"),
        ({"f35": "99995010000000172912201"}, "field 35 has content"),
        ({"f14": "3001"}, "field 35 has content"),
        ({"f55": "9F0206000000001250"}, "field 55 is missing"),
        ({"f55": "9F02"}, "field 55 is cut off"),
        ({"f55": "9F02050000001250"}, "field 55 has content"),
        ({"f55": "9F0282FFFF"}, "field 55 has a length"),
        ({"f0": "0400"}, "field 90 is missing"),
        ({"f0": "0400", "f90": "9" * 42}, "field 90 has content"),
    ],
)
def test_a_malformed_request_is_answered_30(line, good_request, changes, field):
    """A request that does not fit is answered DE 39 = 30 on the same line, and the log names the field."""
    request = _with(good_request, **changes)
    with structlog.testing.capture_logs() as logs:
        (answer,) = line.exchange(framed(codec.encode(request, built_in())))
    assert answer[39] == "30"
    assert int(answer[0]) == int(request[0]) + 10
    assert answer.get(11) == request.get(11)
    (entry,) = [entry for entry in logs if entry["event"] == "format_error"]
    assert entry["reason"].startswith(field)
    assert "99995010" not in str(logs)


@pytest.mark.parametrize("cut", [4, 11, 12, 30, 60, 200])
def test_a_truncated_message_is_answered_30(line, good_request, cut):
    """A message that ends too early is answered as far as it could be read."""
    raw = codec.encode(good_request, built_in())[:cut]
    (answer,) = line.exchange(framed(raw))
    assert (answer[0], answer[39]) == ("0110", "30")
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
        assert any("more than 4096" in entry.get("reason", "") for entry in logs)


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


@settings(max_examples=MUTATED_FRAMES // _FRAMES_AN_EXAMPLE, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_mutated_frames(line, good_request, data):
    """Ten thousand damaged frames: each line keeps answering, and every answer is a well-formed message."""
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
