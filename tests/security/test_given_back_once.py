"""Every message that was taken is given back once: else what a line may have unanswered is used up for good."""

import asyncio

import numpy as np
import pytest
import structlog.testing

from authz.iso8583.dialects.fields import built_in
from authz.iso8583.encoding import codec
from authz.network.peers import Peer
from authz.network.plain_answers import PlainAnswers
from tests.authz.network.test_processor import GOOD_PAN, _network, _requests
from tests.integration.test_malformed_frames import ECHO

PIN = {"f52": "0123456789ABCDEF", "f48": "6220FFFF9876543210E00001"}


def given_back(network, line, message):
    """How often a message was given back, and DE 39 of its answers."""
    told, codes = [], []
    chunk = codec.encode(message, built_in())

    async def run():
        network.receive(chunk, np.array([[0, len(chunk)]], np.int32), line, lambda data, n: told.append((data, n)))
        for _ in range(20):
            await asyncio.sleep(0)

    with structlog.testing.capture_logs():
        asyncio.run(run())
    for data, _ in told:
        if data:
            codes.append(codec.decode(data[2:], built_in()).get(39))
    return sum(count for _, count in told), codes


@pytest.mark.parametrize("case", ["stranger", "PIN"])
@pytest.mark.parametrize(
    "failure", [codec.MessageError(48, 0, "cannot be read", {0: "0100", 11: "000000"}), ValueError()]
)
def test_a_message_that_cannot_be_decoded_after_all(monkeypatch, case, failure):
    """What compiled code has read and the codec cannot: answered as malformed, or not at all."""
    decode = codec.decode

    def decoded(encoded, dialect):
        if encoded[:4] == b"0100":
            raise failure
        return decode(encoded, dialect)

    line = Peer("peer", frozenset({1})) if case == "stranger" else Peer("peer")
    (request,) = _requests(GOOD_PAN, **(PIN if case == "PIN" else {}))
    monkeypatch.setattr(codec, "decode", decoded)
    count, codes = given_back(_network(), line, request)
    assert count == 1
    assert len(codes) == isinstance(failure, codec.MessageError)


@pytest.mark.parametrize("case", ["stranger", "PIN", "echo test"])
def test_an_answer_that_can_never_be_made(monkeypatch, case):
    """Not even that of a malfunction."""
    monkeypatch.setattr(PlainAnswers, "_response", lambda *_: 1 / 0)
    line = Peer("peer", frozenset({1})) if case == "stranger" else Peer("peer")
    (request,) = _requests(GOOD_PAN, f52=PIN["f52"]) if case == "PIN" else [ECHO]
    if case == "stranger":
        (request,) = _requests(GOOD_PAN)
    assert given_back(_network(), line, request) == (1, [])


def test_in_the_usual_way():
    """Each of them, when nothing fails."""
    stranger = Peer("peer", frozenset({1}))
    assert given_back(_network(), stranger, _requests(GOOD_PAN)[0]) == (1, ["58"])
    assert given_back(_network(), Peer("peer"), _requests(GOOD_PAN, **PIN)[0]) == (1, ["14"])
    assert given_back(_network(), Peer("peer"), ECHO) == (1, ["00"])
