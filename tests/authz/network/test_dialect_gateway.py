"""What a listener of another dialect hands on to the network."""

import json
from importlib.resources import files

import numpy as np
import pytest
import structlog

from authz.iso8583.action_codes import ACTION_CODES
from authz.iso8583.dialects.fields import Dialect, built_in
from authz.iso8583.encoding import codec
from authz.iso8583.format_errors import MISSING_TAG, FormatError
from authz.network.dialect_gateway import DialectGateway, KeyExchange
from authz.network.peers import Peer
from authz.vocabulary.reasons import ANSWERS

TABLE = json.loads(files("authz.iso8583").joinpath("dialects/bcd_1987.json").read_text())


class Listening:
    """A network that keeps what it is sent and answers nothing."""

    def __init__(self):
        self.heard = []

    def receive(self, chunk, frames, peer, reply):
        """Take messages in the network's own dialect."""
        self.heard += [codec.decode(chunk[start:end], built_in()) for start, end in frames.tolist()]
        reply(b"", len(frames))

    def refuse_format(self, fields, reason, peer):
        """Nothing is refused here."""
        raise AssertionError(reason)


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ({"data_enc": "latin-1"}, "Café Zoë".ljust(40)),
        ({"data_enc": "utf-8"}, "Café Zoë".ljust(40)),
        ({"data_enc": "cp1047"}, "Café Zoë".ljust(40)),
        ({"data_enc": "utf-8", "len_type": 1, "len_enc": "bcd", "max_len": 99}, "Café Zoë"),
    ],
)
def test_names_and_third_bitmaps(entry, name):
    """A name outside ASCII stops no payment, however long its field is; fields above 128 stay on the line."""
    table = {**TABLE, "43": {**TABLE["43"], **entry}, "130": TABLE["48"]}
    dialect, network = Dialect.of("theirs", table), Listening()
    encoded = codec.encode({0: "0100", 11: "000123", 43: name, 128: "00" * 8, 130: "theirs"}, dialect)
    DialectGateway(network, dialect).receive(encoded, np.array([[0, len(encoded)]]), Peer("peer"), lambda _, __: None)
    assert network.heard == [{0: "0100", 11: "000123", 43: "Caf? Zo?".ljust(40)}]


class Answering(Listening):
    """A network that answers with what it is given."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def receive(self, chunk, frames, peer, reply):
        """Answer each message alike."""
        super().receive(chunk, frames, peer, lambda *_: None)
        reply(self._framed(), len(frames))

    def refuse_format(self, fields, reason, peer):
        """The same."""
        return self._framed()

    def _framed(self):
        encoded = codec.encode(self.answer, built_in())
        return len(encoded).to_bytes(2, "big") + encoded


def _answered(dialect, answer, request, keys=None):
    answers = []
    encoded = codec.encode(request, dialect)
    gateway = DialectGateway(Answering(answer), dialect, keys)
    gateway.receive(encoded, np.array([[0, len(encoded)]]), Peer("peer"), lambda framed, _: answers.append(framed))
    return codec.decode(answers[0][2:], dialect)


THREE_DIGITS = [
    {"data_enc": "ascii", "len_enc": "ascii", "len_type": 0, "max_len": 3, "content": "n"},
    {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": 3, "len_count": "nibbles", "left_pad": "0"},
]


@pytest.mark.parametrize("entry", THREE_DIGITS)
@pytest.mark.parametrize(
    ("response_code", "action_code"), [("00", "000"), ("40", "902"), ("30", "904"), ("A0", "916"), ("51", "116")]
)
def test_action_codes_of_1993(entry, response_code, action_code):
    """Where DE 39 has three digits, an answer carries an action code, whoever made it."""
    dialect = Dialect.of("1993", {**TABLE, "39": entry})
    answer = _answered(dialect, {0: "1110", 11: "000123", 39: response_code}, {0: "1100", 11: "000123"})
    assert answer[39] == action_code


def test_every_response_code_has_an_action_code():
    """None falls back to the decline that says nothing, and only approvals become approvals."""
    for answer in ANSWERS.values():
        assert answer.response_code in ACTION_CODES
    for response_code, code in ACTION_CODES.items():
        assert len(code) == 3
        assert (code[0] == "0") == (response_code in ("00", "10", "85")), response_code


@pytest.mark.parametrize("entry", THREE_DIGITS)
@pytest.mark.parametrize(
    ("action_code", "response_code"), [("000", "00"), ("002", "10"), ("003", "00"), ("116", "51"), ("199", "05")]
)
def test_an_advice_with_an_action_code(entry, action_code, response_code):
    """What was decided elsewhere reaches the network in its own words."""
    dialect, network = Dialect.of("1993", {**TABLE, "39": entry}), Listening()
    encoded = codec.encode({0: "0120", 11: "000123", 39: action_code}, dialect)
    DialectGateway(network, dialect).receive(encoded, np.array([[0, len(encoded)]]), Peer("peer"), lambda _, __: None)
    assert network.heard == [{0: "0120", 11: "000123", 39: response_code}]


ERROR = FormatError(55, MISSING_TAG, "9F26")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"data_enc": "ascii", "len_type": 2, "max_len": 25}, "055 missing_tag 9F26"),
        ({"data_enc": "ascii", "len_type": 2, "max_len": 15}, "055 missing_tag"),
        ({"data_enc": "ascii", "len_type": 2, "max_len": 6}, "055010"),
        ({"data_enc": "ascii", "len_type": 2, "max_len": 3}, "055"),
        ({"data_enc": "ascii", "len_type": 2, "max_len": 2}, None),
        ({"data_enc": "ascii", "len_type": 0, "max_len": 25}, "055 missing_tag 9F26".ljust(25)),
        ({"data_enc": "ascii", "len_type": 0, "max_len": 10, "content": "n"}, "0000055010"),
        ({"data_enc": "b", "len_type": 2, "max_len": 25, "len_count": "nibbles", "left_pad": "0"}, "055010"),
        ({"data_enc": "b", "len_type": 0, "max_len": 4, "content": "n"}, "00055010"),
        ({"data_enc": "b", "len_type": 2, "max_len": 25}, b"055 missing_tag 9F26".hex().upper()),
    ],
)
def test_a_format_error_in_the_room_that_there_is(entry, expected):
    """DE 44 says what is wrong as exactly as the dialect can carry it."""
    dialect = Dialect.of("theirs", {**TABLE, "44": {"len_enc": "ascii", **entry}})
    refused = {0: "0110", 11: "000123", 39: "30", 44: ERROR.additional_response_data}
    assert _answered(dialect, refused, {0: "0100", 11: "000123"}).get(44) == expected


def test_another_version_on_a_port_that_asks_for_codes():
    """It is told that the version is not served, not that its code is wrong; in its own version it has none to show."""
    keys = KeyExchange("tdes", bytes(16))
    refused = {0: "1110", 11: "000123", 39: "40"}
    with structlog.testing.capture_logs():
        assert _answered(built_in(), refused, {0: "1100", 11: "000123"}, keys)[39] == "40"
        assert _answered(built_in(), refused, {0: "0100", 11: "000123"}, keys)[39] == "A0"
