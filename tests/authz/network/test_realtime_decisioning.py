"""Decisions by the issuer's decisioning webhook: whatever it sends, or fails to send, the default decides in time."""

import asyncio
import gzip
import json

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authz.network import realtime_decisioning
from authz.network.realtime_decisioning import DecisioningWebhook, IssuerDecisions
from authz.vocabulary.commands import Decider, Kind, new_results
from authz.vocabulary.layouts import LAYOUT_OF, new_messages
from authz.vocabulary.reasons import Reason
from tokenvault.outgoing.webhook_signatures import SignatureInvalid, signed_headers, verify_headers

KEY = b"0123456789abcdef"
NOW = 1_795_000_000
SEQUENCE = 7


class RecordingEngine:
    """Takes decisions, and settles them as they say."""

    def __init__(self):
        self.taken = []

    async def run(self, command):
        """Keep a decision; its result says what it decided."""
        self.taken.append(command.copy())
        results = new_results(1)
        results["reason"], results["sequence"] = command["reason"], command["decision"]
        return results


class _Body(httpx.AsyncByteStream):
    """A body in parts; a part that is callable is awaited."""

    def __init__(self, *parts):
        self._parts = parts

    async def __aiter__(self):
        for part in self._parts:
            yield await part() if callable(part) else part


def _asked(handler, *, deadline=5.0, waiting=1):
    """Ask a server that answers as told; returns the decisions that the engine took and the answers that were given."""

    async def run():
        engine, answers = RecordingEngine(), []
        decisions = IssuerDecisions(
            engine,
            DecisioningWebhook("http://issuer.test/decide", KEY, deadline),
            wall_clock=lambda: float(NOW),
            transport=httpx.MockTransport(handler),
        )
        command, result = new_messages(1), new_results(1)
        command["amount_minor"], command["currency"], result["sequence"] = 5_000, 978, SEQUENCE
        for _ in range(waiting):
            decisions.ask(command, result, lambda settled: answers.append(settled.copy()))
        await decisions.close()
        return engine.taken, answers

    return asyncio.run(run())


def _signed(request, body, **headers):
    """A 200 with a good signature, unless headers say otherwise."""
    signed = signed_headers(KEY, request.headers["webhook-id"], NOW, body)
    return httpx.Response(200, headers={**signed, **headers}, stream=_Body(body))


def _is_decided_by_default(handler, decider):
    taken, answers = _asked(handler)
    assert len(taken) == len(answers) == 1
    assert (Kind(taken[0]["kind"][0]), taken[0]["decision"][0]) == (Kind.ISSUER_DECISION, SEQUENCE)
    assert (Reason(taken[0]["reason"][0]), Decider(taken[0]["decider"][0])) == (Reason.ISSUER_UNAVAILABLE, decider)
    assert Reason(answers[0]["reason"][0]) is Reason.ISSUER_UNAVAILABLE


@pytest.mark.parametrize(
    "stamp", ["9" * 5_000, "1" * 13, "", "-1", "+1", "1.5", "1_795_000_000", "٣" * 10, "²" * 10, "1795000000 ", "0x6AF"]
)
def test_a_time_that_is_none(stamp):
    """Too many digits, digits of other scripts, signs: a bad signature, never an exception."""
    with pytest.raises(SignatureInvalid, match="webhook-timestamp is missing or not a time"):
        verify_headers(KEY, "auth_1", NOW, b"", {"webhook-id": "auth_1", "webhook-timestamp": stamp})

    def handler(request):
        headers = {"webhook-timestamp": stamp.encode()}
        return _signed(request, b'{"approved": true}', **headers)

    _is_decided_by_default(handler, Decider.BAD_SIGNATURE)


@pytest.mark.parametrize(
    "signature", ["", "v1", "v1,", "v2,abc", "v1,ü", "v1,\udcff", ",,,", " " * 50, "v1," + "A" * 9_000]
)
def test_a_signature_that_is_none(signature):
    """Whatever stands there, it is no right one."""
    headers = {"webhook-id": "auth_1", "webhook-timestamp": str(NOW), "webhook-signature": signature}
    with pytest.raises(SignatureInvalid, match="signature"):
        verify_headers(KEY, "auth_1", NOW, b"", headers)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"true",
        b"[]",
        b"\xff\xfe\x00",
        b"\xed\xa0\x80",
        b"[" * 60_000,
        b'{"approved":' * 5_000,
        b'{"approved": 1}',
        b'{"approved": true, "amount": 1e3}',
        b'{"approved": true, "amount": NaN}',
        b'{"approved": true, "amount": true}',
        b'{"approved": true, "amount": "5000"}',
        b'{"approved": true, "amount": ' + b"9" * 5_000 + b"}",
        b'{"approved": true, "amount": -1}',
        b'{"approved": false, "reason": ["lost_card"]}',
        b'{"approved": false, "reason": {"code": "lost_card"}}',
        b'{"approved": false, "reason": null}',
        b'{"approved": false, "reason": 41}',
        b'{"approved": false, "reason": "approved"}',
        b" " * 70_000,
    ],
    ids=lambda body: body[:30].decode("latin-1"),
)
def test_a_body_that_is_no_answer(body):
    """Not JSON, not the right types, too deep, too long."""
    _is_decided_by_default(lambda request: _signed(request, body), Decider.ERROR)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"location": "http://elsewhere.test/"}),
        httpx.Response(204),
        httpx.Response(200, headers={"content-encoding": "gzip"}, content=gzip.compress(b" " * 10_000_000)),
        httpx.Response(500, stream=_Body(b"x" * 1_000_000)),
    ],
    ids=["redirect", "no content", "packed", "a large error"],
)
def test_an_answer_that_is_not_followed(answer):
    """Redirects lead nowhere, and nothing is unpacked."""
    _is_decided_by_default(lambda _request: answer, Decider.ERROR)


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.InvalidURL("no host"),
        httpx.TooManyRedirects("round and round"),
        RuntimeError("a fault of ours"),
        ZeroDivisionError(),
        UnicodeError("label too long"),
        RecursionError(),
        MemoryError(),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_any_exception(failure):
    """Foreseen or not: the default decides, and who waits is answered."""

    def handler(_request):
        raise failure

    _is_decided_by_default(handler, Decider.ERROR)


def test_the_question_itself_may_fail(monkeypatch):
    """A fault before anything is sent is as good as no answer."""
    monkeypatch.setattr("authz.network.realtime_decisioning._question", lambda *_: 1 / 0)
    _is_decided_by_default(lambda request: _signed(request, b'{"approved": true}'), Decider.ERROR)


async def _for_ever():
    await asyncio.Event().wait()
    return b""


async def _for_ever_and_not_to_be_cancelled():
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return await _for_ever()


@pytest.mark.parametrize("part", [_for_ever, _for_ever_and_not_to_be_cancelled])
def test_a_body_that_never_ends(part):
    """The deadline holds for the whole call, also where the call does not let itself be cancelled."""
    taken, answers = _asked(lambda _request: httpx.Response(200, stream=_Body(b"{", part)), deadline=0.01)
    assert Decider(taken[0]["decider"][0]) is Decider.TIMEOUT
    assert len(answers) == 1


def test_whoever_waits_is_answered_though_another_cannot_be():
    """Repeats wait with the first; one whose answer fails keeps nothing from the others."""

    async def run():
        answers = []
        decisions = IssuerDecisions(RecordingEngine(), None)
        command, result = new_messages(1), new_results(1)
        decisions.ask(command, result, lambda _settled: 1 / 0)
        decisions.ask(command, result, lambda settled: answers.append(settled))
        await decisions.close()
        return answers

    assert len(asyncio.run(run())) == 1


def test_a_good_answer_is_taken():
    """What all of this must not break."""
    taken, answers = _asked(lambda request: _signed(request, json.dumps({"approved": True}).encode()), waiting=3)
    assert (Reason(taken[0]["reason"][0]), Decider(taken[0]["decider"][0])) == (Reason.APPROVED, Decider.ISSUER)
    assert len(answers) == 3
    assert np.all([answer["reason"] == Reason.APPROVED for answer in answers])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["approved", "reason", "amount"]), inner)
    ),
)


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(_JSON)
def test_any_json(value):
    """Is answered once, approved only where it says so."""
    taken, answers = _asked(lambda request: _signed(request, json.dumps(value).encode()))
    assert len(answers) == 1
    if taken[0]["reason"][0] == Reason.APPROVED:
        assert value["approved"] is True


def test_a_decision_takes_over_what_its_layout_says():
    """A field that the layout calls the authorization's and that is not copied would be zero."""
    of_the_authorization = {
        field.name
        for field in LAYOUT_OF[Kind.ISSUER_DECISION].fields
        if field.meaning.startswith("As the authorization")
    }
    assert of_the_authorization == set(realtime_decisioning._TAKEN_OVER) - {"amount_minor"}
