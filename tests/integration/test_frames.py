"""Recorded frames over real sockets: off until asked for, every byte in its place, and no number of a card anywhere."""

import base64
import json
from contextlib import contextmanager

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authz.iso8583.dialects.fields import BUILT_IN, built_in
from authz.iso8583.encoding import codec
from authz.network.processor import framed
from simulators.parties import sandbox_constants
from simulators.sandbox.traffic.frame_recording import FRAMES_MAX
from simulators.terminals.terminal import Terminal
from tests.integration.test_malformed_frames import ECHO, GOOD_REQUEST, LAST_REQUEST, RawLine
from tests.integration.test_other_dialects import network  # noqa: F401 - a fixture
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text

KEYS = {
    "issuer": sandbox_constants.ISSUER_API_KEY,
    "wallet": sandbox_constants.WALLET_API_KEY,
    "network": sandbox_constants.NETWORK_API_KEY,
    "sandbox": sandbox_constants.SANDBOX_API_KEY,
}
FRAMES, RECORDING = "/v1/simulations/frames", "/v1/simulations/frame_recording"
DECODED = "/v1/simulations/decoded_messages"


class Operator:
    """Calls with an API key."""

    def __init__(self, url, scope="sandbox"):
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {KEYS[scope]}"}, trust_env=False, timeout=60
        )

    def get(self, path, **parameters):
        """An answer."""
        return self._http.get(path, params=parameters)

    def post(self, path, **body):
        """An answer."""
        return self._http.post(path, json=body)

    def close(self):
        """Hang up."""
        self._http.close()

    @contextmanager
    def recording(self):
        """Frames are recorded meanwhile."""
        assert self.post(RECORDING, on=True).json()["on"] is True
        try:
            yield
        finally:
            assert self.post(RECORDING, on=False).json()["on"] is False

    def frames(self, **parameters):
        """The frames that a list has."""
        return self.get(FRAMES, **parameters).json()["data"]

    def whole(self, **parameters):
        """The only frame of a list, whole; and the text of the answer."""
        (frame,) = self.frames(**parameters)
        answer = self.get(f"{FRAMES}/{frame['id']}")
        assert answer.json() | frame == answer.json()
        return answer.json(), answer.text


@pytest.fixture
def operator(sandbox):
    """The operator of the shared network."""
    made = Operator(sandbox.http_url)
    yield made
    made.close()


@pytest.fixture
def line(sandbox):
    """A raw line to the shared network."""
    made = RawLine(sandbox.iso_address)
    yield made
    made.close()


@pytest.fixture
def phone(issuer, new_phone):
    """A phone with an active token on an account of 100.00 EUR."""
    made = new_phone()
    made.provision(issuer.issue_card(issuer.open_account("EUR", 10_000)["id"])["id"])
    return made


def everywhere(digits):
    """A number as text, and in hexadecimal: ASCII, EBCDIC, packed."""
    return (digits, digits.encode().hex().upper(), digits.encode("cp1047").hex().upper())


def of(fields):
    """Values by number."""
    return {part["number"]: part["value"] for part in fields}


def test_off_until_asked_for(operator, terminal):
    """Nothing is kept before, and what was recorded stays when it is turned off, until it begins anew."""
    operator.post(RECORDING, on=True)
    operator.post(RECORDING, on=False)
    with operator.recording():
        pass
    assert operator.get(RECORDING).json() == {
        "on": False, "frames": 0, "frames_max": FRAMES_MAX, "bytes": 0, "bytes_max": 8 << 20,
    }  # fmt: skip
    assert terminal.echo()[39] == "00"
    assert operator.frames() == []
    with operator.recording():
        terminal.echo()
    assert [(frame["message_type"], frame["response_code"]) for frame in operator.frames()] == [("0800", "00")]
    terminal.echo()
    assert len(operator.frames()) == 1
    told = operator.get(RECORDING).json()
    assert (told["frames"], told["on"]) == (1, False)
    assert told["bytes"] > 60
    with operator.recording():
        assert operator.frames() == []


def test_a_tap_field_by_field(operator, phone, terminal):
    """Request and answer, found by the authorization and by STAN; the octets of each field are at its place."""
    with operator.recording():
        receipt = terminal.pay(phone, 1_250)
        terminal.echo()
    frame, _ = operator.whole(authorization_id=receipt.authorization_id)
    assert (frame["message_type"], frame["response_code"], frame["dialect"]) == ("0100", "00", "ascii_1987")
    assert operator.whole(stan=frame["stan"])[0] == frame
    request, answer = frame["request"], frame["answer"]
    assert of(request["fields"])[4] == "000000001250"
    assert of(answer["fields"])[62] == receipt.authorization_id
    for message in (request, answer):
        position = 0
        for part in message["fields"]:
            assert part["offset"] == position
            position += part["length"]
            octets = message["hex"][2 * part["value_offset"] : 2 * (part["offset"] + part["length"])]
            if part["number"] in (3, 4, 7, 11, 39, 41, 49, 62):
                assert bytes.fromhex(octets).decode() == part["value"]
        assert 2 * position == len(message["hex"])
    (chip,) = [part for part in request["fields"] if part["number"] == 55]
    for each in chip["data_objects"]:
        octets = request["hex"][2 * each["value_offset"] : 2 * (each["offset"] + each["length"])]
        assert octets == each["value"] or "*" in octets, each
    assert {"9F26", "9F36"} <= {each["tag"] for each in chip["data_objects"]}
    (track,) = [part for part in request["fields"] if part["number"] == 35]
    assert set(request["hex"][2 * track["value_offset"] : 2 * (track["offset"] + track["length"])]) == {"*"}


@pytest.mark.parametrize("name", BUILT_IN)
def test_no_number_of_a_card(network, name):  # noqa: F811 - the fixture
    """Read from the chip, from track 2 or typed in: it is in no field, no data object and no octet of the answer."""
    kit, addresses = network
    operator = Operator(kit.http_url)
    terminal = Terminal(addresses[name, "none", "aes"], clock=kit.clock, dialect=built_in(name))
    seen = []
    terminal.link.watcher = lambda _, encoded, dialect: seen.append(codec.decode(encoded, dialect))
    with operator.recording():
        paid = terminal.pay(kit.phone(), 1_250)
    terminal.close()
    pan = next(message[35].replace("D", "=").partition("=")[0] for message in seen if 35 in message)
    frame, text = operator.whole(stan=seen[0][11])
    operator.close()
    assert (frame["dialect"], frame["response_code"]) == (name, seen[1][39])
    assert frame["authorization_id"] == paid.authorization_id is not None
    for written in everywhere(pan):
        assert written not in text.upper()
    assert f"{pan[:6]}******{pan[-4:]}" in text


def test_typed_numbers_tracks_and_pins(operator, line):
    """A message with a number of a card in every place where one may be."""
    pan = "9999501000000017"
    request = GOOD_REQUEST | {
        2: pan, 11: "700001", 45: f"B{pan}^CARDHOLDER/A^29122010", 48: f"0116{pan}", 52: "0123456789ABCDEF",
        55: f"{GOOD_REQUEST[55]}5A08{pan}5708{pan}",
        63: f"TYPED {pan}", 102: pan,
    }  # fmt: skip
    with operator.recording():
        line.exchange(framed(codec.encode(request, built_in())))
    _, text = operator.whole(stan="700001")
    for written in (*everywhere(pan), "0123456789ABCDEF", "CARDHOLDER"):
        assert written not in text.upper()
    assert "999950******0017" in text


def test_what_breaks_off_shows_no_content(operator, line):
    """Of a malformed message: its places, and what is wrong with field and byte."""
    encoded = codec.encode(GOOD_REQUEST | {2: "9999501000000017", 11: "700002"}, built_in())
    with operator.recording():
        (answer,) = line.exchange(framed(encoded[:-30]))
    assert answer[39] == "30"
    frame, text = operator.whole(stan="700002")
    assert frame["format_error"].startswith("field 55, at byte ")
    assert frame["response_code"] == "30"
    assert of(frame["request"]["fields"])[4] is None
    for written in everywhere("9999501000000017"):
        assert written not in text
    assert frame["request"]["hex"].count("*") > 200


def test_answers_are_told_apart(operator, sandbox):
    """Messages that arrive together, some answered at once and some later: each frame has its own answer."""
    line = RawLine(sandbox.iso_address)
    messages = [(ECHO if number % 2 else GOOD_REQUEST) | {11: f"{710_000 + number}"} for number in range(40)]
    with operator.recording():
        line.exchange(b"".join(framed(codec.encode(message, built_in())) for message in messages))
    line.close()
    frames = operator.frames(limit=100)
    assert len(frames) == len(messages) + 2  # with those that the line ends with
    messages += [ECHO, LAST_REQUEST]
    assert [frame["stan"] for frame in frames] == [message[11] for message in reversed(messages)]
    for frame, message in zip(frames, reversed(messages), strict=True):
        whole = operator.get(f"{FRAMES}/{frame['id']}").json()
        assert of(whole["answer"]["fields"])[11] == frame["stan"] == message[11]
        assert whole["answer"]["message_type"] == {"0800": "0810", "0100": "0110"}[message[0]]
    pages, after = [], None
    while True:
        page = operator.get(FRAMES, limit=7, **({"starting_after": after} if after else {})).json()
        pages += page["data"]
        if not page["has_more"]:
            break
        after = page["data"][-1]["id"]
    assert pages == frames


def test_the_latest_are_kept(operator, sandbox):
    """So many and no more, the oldest give way."""
    line = RawLine(sandbox.iso_address)
    with operator.recording():
        for first in range(0, FRAMES_MAX + 200, 200):
            messages = [ECHO | {11: f"{first + number:06d}"} for number in range(200)]
            line.exchange(b"".join(framed(codec.encode(message, built_in())) for message in messages))
        assert operator.get(RECORDING).json()["frames"] == FRAMES_MAX
        newest = operator.frames(limit=1)[0]
        first = to_number(Prefix.FRAME, newest["id"]) - FRAMES_MAX + 1
        assert operator.get(f"{FRAMES}/{to_text(Prefix.FRAME, first)}").status_code == 200
        assert operator.get(f"{FRAMES}/{to_text(Prefix.FRAME, first - 1)}").status_code == 404
        assert operator.frames(starting_after=to_text(Prefix.FRAME, first)) == []
        assert operator.frames(stan="000100") == []
        assert len(operator.frames(stan=f"{FRAMES_MAX + 100:06d}")) == 1
    line.close()


@pytest.mark.parametrize("scope", ["issuer", "wallet", "network"])
def test_other_scopes_are_refused(sandbox, scope):
    """Frames are of every tenant, so they are the operator's alone."""
    stranger = Operator(sandbox.http_url, scope)
    answers = [stranger.get(FRAMES), stranger.get(f"{FRAMES}/frame_0000000000001"), stranger.get(RECORDING)]
    answers += [stranger.post(RECORDING, on=True), stranger.post(DECODED, hex="30313030")]
    stranger.close()
    assert {answer.status_code for answer in answers} == {403}


def test_what_names_nothing(operator):
    """Is not found."""
    with operator.recording():
        pass
    assert operator.get(f"{FRAMES}/frame_0000000000001").status_code == 404
    assert operator.get(f"{FRAMES}/nothing").status_code == 404
    assert operator.get(FRAMES, authorization_id="nothing").status_code == 404
    assert operator.get(FRAMES, stan="12345").status_code == 422
    assert operator.frames(authorization_id="auth_0000000000001") == []


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("is_framed", [False, True])
def test_a_message_is_decoded(operator, name, is_framed):
    """In any dialect, in hexadecimal with spaces or in base64; as a frame shows it."""
    dialect = built_in(name)
    encoded = codec.encode(codec.fitting(GOOD_REQUEST, dialect), dialect)
    encoded = dialect.framing.framed(encoded) if is_framed else encoded
    told = operator.post(DECODED, hex=encoded.hex(" "), dialect=name, framed=is_framed).json()
    assert (
        operator.post(DECODED, base64=base64.b64encode(encoded).decode(), dialect=name, framed=is_framed).json() == told
    )
    assert of(told["fields"])[4] == "000000001250"
    assert told["format_error"] is None
    assert sum(part["length"] for part in told["fields"]) == len(encoded) - is_framed * dialect.framing.length_bytes
    assert "9999501000000017" not in json.dumps(told)


@pytest.mark.parametrize(
    ("body", "field", "told"),
    [
        ({"hex": "303130"}, "hex", "as ascii_1987: message type, at byte 0, is cut off: 4 bytes expected, 3 there"),
        ({"hex": "xy"}, "hex", "the message: expected hexadecimal digits, such as 9F36020001"),
        ({"hex": ""}, "hex", "the message: there is nothing to decode"),
        ({"base64": "?"}, "base64", "is not base64 (RFC 4648, 4)"),
        ({"base64": "ü"}, "base64", "is not base64 (RFC 4648, 4)"),
        ({"base64": " "}, "base64", "there is nothing to decode"),
        ({"hex": "30", "base64": "MA=="}, "body", "give hex or base64, one of them"),
        ({}, "body", "give hex or base64, one of them"),
        ({"hex": "30", "dialect": "/etc/passwd.json"}, "dialect", "is not one of ascii_1987, "),
        (
            {"hex": codec.encode({0: "0100", 7: "1325120000"}, built_in()).hex()},
            "hex",
            "as ascii_1987: field 7, at byte 12, has an impossible date",
        ),
        (
            {"hex": codec.encode({0: "0100", 55: "9F3602"}, built_in()).hex()},
            "hex",
            "as ascii_1987: field 55, at byte 12, is not valid BER-TLV: value of 9F36 at byte 3 is cut off",
        ),
    ],
)
def test_what_cannot_be_decoded(operator, body, field, told):
    """Is refused with the field, the byte and the reason."""
    answer = operator.post(DECODED, **body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert error["message"].startswith(told)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.tuples(st.integers(0, 250), st.binary(max_size=4)).map(
            lambda change: _changed(codec.encode(GOOD_REQUEST, built_in()), *change)
        ),
    ),
    dialect=st.sampled_from(BUILT_IN),
    is_framed=st.booleans(),
)
def test_whatever_is_sent_to_be_decoded(operator, data, dialect, is_framed):
    """It is decoded or refused, and never our error."""
    answer = operator.post(DECODED, hex=data.hex(), dialect=dialect, framed=is_framed)
    assert answer.status_code in (200, 422)


def _changed(encoded, at, octets):
    return encoded[:at] + octets + encoded[at + len(octets) :]
