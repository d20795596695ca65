"""The network when something in it fails: messages are answered, and one that fails keeps nothing from the others."""

import asyncio

import numpy as np
import pytest
import structlog.testing

from authz.iso8583.dialects.fields import built_in
from authz.iso8583.encoding import codec
from authz.network.dialect_gateway import DialectGateway
from authz.network.peers import Peer
from authz.network.pin_verification import PinOutcome, PinVerifications
from authz.network.plain_answers import PlainAnswers
from authz.network.processor import PaymentProcessor
from authz.network.realtime_decisioning import IssuerDecisions
from authz.network.server import splitter
from authz.vocabulary.commands import new_results
from authz.vocabulary.errors import EngineStopped
from authz.vocabulary.reasons import Reason
from tests.authz.commands import tap
from tests.authz.test_engine import MemoryJournal, _opened
from tests.integration.test_malformed_frames import ECHO, GOOD_REQUEST

BAD_PAN = "9999501000000025"


class Verifier:
    """Finds every cryptogram right, but fails on one token."""

    @staticmethod
    def verified(token_pan, *_):
        """Raises for `BAD_PAN`."""
        if token_pan == int(BAD_PAN):
            raise RuntimeError("a fault of ours")
        return Key()


class Key:
    """Makes every ARPC alike."""

    @staticmethod
    def arpc(_arqc, _update):
        """Four bytes."""
        return bytes(4)


class DecidingEngine:
    """Declines everything at once, or has stopped."""

    def __init__(self):
        self.is_stopped = False
        self.now_us = 0

    def submit(self, commands, answer):
        """Answer at once."""
        if self.is_stopped:
            raise EngineStopped("it has")
        results = new_results(len(commands))
        results["reason"] = Reason.TOKEN_NOT_FOUND
        results["sequence"] = np.arange(1, len(commands) + 1)
        answer(results)


async def _verified_pin(_entered):
    return PinOutcome.RIGHT


def _network(engine=None, pins=None):
    engine = engine or DecidingEngine()
    return PaymentProcessor(
        engine, Verifier(), built_in(), IssuerDecisions(engine, None), pins or PinVerifications(_verified_pin)
    )


def _exchange(handler, dialect, *messages):
    """Send messages in one turn of the loop; the answers by DE 11, and how many messages were accounted for."""
    frames, answers, counted = np.zeros((100, 2), np.int32), {}, [0]

    def reply(data, count):
        counted[0] += count
        found, _, _ = splitter(dialect.framing)(data, frames, 65_535)
        for start, end in frames[:found].tolist():
            answer = codec.decode(data[start:end], dialect)
            answers[answer[11]] = answer

    async def run():
        for message in messages:
            chunk = codec.encode(message, dialect)
            handler.receive(chunk, np.array([[0, len(chunk)]], np.int32), Peer("peer"), reply)
        for _ in range(20):
            await asyncio.sleep(0)

    asyncio.run(run())
    return answers, counted[0]


def _requests(*pans, **changes):
    return [
        {**GOOD_REQUEST, 11: f"{number:06d}", 35: f"{pan}=2912201", **{int(k[1:]): v for k, v in changes.items()}}
        for number, pan in enumerate(pans)
    ]


GOOD_PAN = GOOD_REQUEST[35][:16]


def test_one_message_that_we_fail_on_fails_alone():
    """It is answered 96; the others of the same turn are decided."""
    with structlog.testing.capture_logs():
        answers, counted = _exchange(_network(), built_in(), *_requests(GOOD_PAN, BAD_PAN, GOOD_PAN))
    assert counted == 3
    assert {stan: answer[39] for stan, answer in answers.items()} == {"000000": "14", "000001": "96", "000002": "14"}


def test_an_answer_that_cannot_be_made(monkeypatch):
    """Gets none, for the decision is taken; the others get theirs, and none is waited for any more."""
    network, make = _network(), PaymentProcessor._answers

    def answers_made(self, buffer, frames, results, arqcs, keys):
        if (results["sequence"] == 2).any():
            raise RuntimeError("a fault of ours")
        return make(self, buffer, frames, results, arqcs, keys)

    monkeypatch.setattr(PaymentProcessor, "_answers", answers_made)
    with structlog.testing.capture_logs():
        answers, counted = _exchange(network, built_in(), *_requests(GOOD_PAN, GOOD_PAN, GOOD_PAN))
    assert counted == 3
    assert set(answers) == {"000000", "000002"}


def test_network_management_that_fails(monkeypatch):
    """Answered 96 as well."""
    monkeypatch.setattr(PlainAnswers, "_manage", lambda *_: 1 / 0)
    with structlog.testing.capture_logs():
        answers, counted = _exchange(_network(), built_in(), ECHO)
    assert (answers[ECHO[11]][0], answers[ECHO[11]][39], counted) == ("0810", "96", 1)


@pytest.mark.parametrize("failing", ["verifier", "decision"])
def test_a_pin_whose_verification_fails(monkeypatch, failing):
    """Answered 96, whether who verifies fails or what comes after it."""
    tried = []

    async def fail(_entered):
        raise RuntimeError("a fault of ours")

    def decided(self, *arguments):
        tried.append(1)
        raise RuntimeError("a fault of ours")

    if failing == "decision":
        monkeypatch.setattr(PaymentProcessor, "_decide", decided)
    pins = PinVerifications(fail if failing == "verifier" else _verified_pin)
    (request,) = _requests(GOOD_PAN, f52="0123456789ABCDEF", f48="6220FFFF9876543210E00001")
    with structlog.testing.capture_logs():
        answers, counted = _exchange(_network(pins=pins), built_in(), request)
    assert (answers["000000"][39], counted) == ("96", 1)
    assert len(tried) == (failing == "decision")


def test_a_pin_that_nobody_verifies_in_time():
    """Answered 96 and not decided; its repeat costs no second try, and has what came of the first meanwhile."""
    asked, answers = [], []

    async def run():
        answering = asyncio.Event()

        async def late(_entered):
            asked.append(1)
            await answering.wait()
            return PinOutcome.RIGHT

        pins = PinVerifications(late, deadline_seconds=0.0)
        network = _network(pins=pins)
        (request,) = _requests(GOOD_PAN, f52="0123456789ABCDEF", f48="6220FFFF9876543210E00001")
        chunk = codec.encode(request, built_in())
        for comes in (False, True):
            if comes:
                answering.set()
            for _ in range(5):
                await asyncio.sleep(0)
            network.receive(
                chunk,
                np.array([[0, len(chunk)]], np.int32),
                Peer("peer"),
                lambda framed, _count: answers.append(framed),
            )
            while len(answers) < 1 + comes:
                await asyncio.sleep(0)
        await pins.close()

    with structlog.testing.capture_logs():
        asyncio.run(asyncio.wait_for(run(), 20))
    assert [codec.decode(framed[2:], built_in())[39] for framed in answers] == ["96", "14"]
    assert len(asked) == 1


def test_closing_waits_for_no_verifier_for_ever():
    """Who never answers is given up when the network closes."""
    given_up = []

    async def never(_entered):
        try:
            await asyncio.Event().wait()
        finally:
            given_up.append(1)

    async def run():
        pins = PinVerifications(never, deadline_seconds=0.0)
        (request,) = _requests(GOOD_PAN, f52="0123456789ABCDEF", f48="6220FFFF9876543210E00001")
        chunk = codec.encode(request, built_in())
        _network(pins=pins).receive(chunk, np.array([[0, len(chunk)]], np.int32), Peer("peer"), lambda *_: None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await pins.close()
        return list(given_up)

    with structlog.testing.capture_logs():
        assert asyncio.run(asyncio.wait_for(run(), 20)) == [1]


def test_a_stopped_engine_answers_nobody():
    """What is not durable is not answered, not even as a malfunction."""
    engine = DecidingEngine()
    engine.is_stopped = True
    assert _exchange(_network(engine), built_in(), *_requests(GOOD_PAN))[0] == {}


def test_a_connection_that_cannot_take_its_answer():
    """Others of the same turn get theirs."""
    network, taken = _network(), []

    async def run():
        for reply in (lambda *_: 1 / 0, lambda data, count: taken.append(count)):
            chunk = codec.encode(_requests(GOOD_PAN)[0], built_in())
            network.receive(chunk, np.array([[0, len(chunk)]], np.int32), Peer("peer"), reply)
        for _ in range(5):
            await asyncio.sleep(0)

    with structlog.testing.capture_logs():
        asyncio.run(run())
    assert taken == [1]


def test_whoever_waits_for_the_engine_is_answered_though_another_fails():
    """A follower or an answer that raises keeps nothing from those after it."""

    async def run():
        journal, answers, failures = MemoryJournal(), [], []
        engine = await _opened(journal, failures=failures)
        engine.follow(lambda *_: 1 / 0)
        engine.submit(tap(1), lambda _results: 1 / 0)
        engine.submit(tap(2), lambda results: answers.append(len(results)))
        journal.allowed.release(2)
        await engine.settled()
        await engine.close()
        return answers, failures

    with structlog.testing.capture_logs():
        assert asyncio.run(run()) == ([1], [])


@pytest.mark.parametrize("name", ["bcd_1987", "ebcdic_1987", "unionpay_like", "ascii_hex_1987"])
def test_another_dialect_answers_as_ours_does(name):
    """Format errors with DE 44, another version with 40, answers never; and a fault of ours with 96."""
    gateway = DialectGateway(_network(), built_in(name))
    for changes, expected in (
        ({7: "1325120000"}, ("0110", "30", "007 impossible_date")),
        ({37: "63281212345\n"}, ("0110", "30", "037 wrong_characters")),
        ({14: "3001"}, ("0110", "30", "014 contradiction")),
        ({0: "1100"}, ("1110", "40", None)),
        ({0: "1100", 7: "9999999999"}, ("1110", "40", None)),
    ):
        answers, counted = _exchange(gateway, built_in(name), {**GOOD_REQUEST, **changes})
        answer = answers[GOOD_REQUEST[11]]
        assert (answer[0], answer[39], answer.get(44)) == expected
        assert counted == 1
    assert _exchange(gateway, built_in(name), {**GOOD_REQUEST, 0: "0110"}) == ({}, 1)


def test_another_dialect_when_we_fail(monkeypatch):
    """Its messages are answered one by one, so one that fails is answered 96."""
    gateway = DialectGateway(_network(), built_in("bcd_1987"))
    monkeypatch.setattr(DialectGateway, "_forward", lambda *_: 1 / 0)
    with structlog.testing.capture_logs():
        answers, counted = _exchange(gateway, built_in("bcd_1987"), GOOD_REQUEST)
    assert (answers[GOOD_REQUEST[11]][39], counted) == ("96", 1)


def test_what_is_not_decided_is_remembered_without_content():
    """Network management, malformed and unsupported messages, with their answers; so many and no more."""
    network = _network()
    echo = {0: "0800", 7: GOOD_REQUEST[7], 70: "301"}
    unsupported = {0: "0302", 7: GOOD_REQUEST[7], 11: "000004"}
    wrong = [{**GOOD_REQUEST, 11: "000002", 14: "3001"}, {**echo, 11: "000003", 70: "999"}]
    _exchange(network, built_in(), {**echo, 11: "000001"}, *wrong, unsupported)
    seen = {each.stan: (each.why, each.message_type, each.response_code) for each in network.undecided.newest_first()}
    assert seen == {
        "000001": ("network_management", "0800", "00"),
        "000002": ("format_error", "0100", "30"),
        "000003": ("network_management", "0800", "12"),
        "000004": ("function_not_supported", "0302", "40"),
    }
    assert [each.number for each in network.undecided.behind(2)] == [3, 4]
    assert network.undecided.behind(4) == network.undecided.behind(9) == []
    assert GOOD_PAN not in repr(network.undecided.newest_first())


def test_places_are_those_in_what_was_sent():
    """In another dialect, the byte in its message; none where only the translated message shows what is wrong."""
    network, dialect = _network(), built_in("bcd_1987")
    gateway = DialectGateway(network, dialect)
    _exchange(gateway, dialect, {**GOOD_REQUEST, 11: "000001", 14: "3001"}, {**GOOD_REQUEST, 7: "1325120000"})
    seen = {each.error.field: each.error.offset for each in network.format_errors.newest_first()}
    assert seen == {14: None, 7: codec.encode(GOOD_REQUEST, dialect).index(bytes.fromhex(GOOD_REQUEST[7]))}


def test_format_errors_are_remembered_without_content():
    """The newest first, so many and no more, and nothing of a card."""
    network = _network()
    requests = [{**GOOD_REQUEST, 11: f"{number:06d}", 14: "3001"} for number in range(3)]
    _exchange(network, built_in(), *requests)
    seen = list(network.format_errors.newest_first())
    assert [each.stan for each in seen] == ["000002", "000001", "000000"]
    assert (seen[0].message_type, seen[0].transmitted, seen[0].peer) == ("0100", GOOD_REQUEST[7], "peer")
    assert seen[0].error.sentence == "DE 14 is not the expiry in DE 35"
    assert network.format_errors.count == 3
    assert GOOD_PAN not in repr(seen)
