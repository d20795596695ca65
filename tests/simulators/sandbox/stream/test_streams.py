"""All listeners: what they are given of what becomes durable, and that nothing is kept for nobody."""

import asyncio
import json
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
from pydantic import BaseModel

from authz.http.authorizations import ListedDecisionView
from authz.http.sight import Sight
from authz.journal.records import Durable
from authz.payments.events import Position
from authz.payments.viewers import Viewer
from authz.vocabulary.commands import new_results
from authz.vocabulary.layouts import joined
from authz.vocabulary.reasons import Reason
from simulators.sandbox.stream import streams as module
from simulators.sandbox.stream.listener import PULSE_SECONDS, Audience, Views
from simulators.sandbox.stream.news import FiguresView
from simulators.sandbox.stream.places import Places
from simulators.sandbox.stream.streams import LISTENERS_MAX, Streams
from simulators.sandbox.stream.topics import Topic
from tests.authz.commands import set_card, tap
from tests.clock import ManualClock
from tokenvault.storage.database import DatabaseUnavailable
from tokenvault.vocabulary.identifiers import Prefix, to_number

ISSUERS = {7: "ada", 8: "bob"}


class Numbered(BaseModel):
    """An entry of a log in memory."""

    number: int


class NumberedLog:
    """A log that has so many entries and keeps the last thousand."""

    count = 0

    def behind(self, number):
        """Those that are kept."""
        return [Numbered(number=each) for each in range(max(number, self.count - 1_000) + 1, self.count + 1)]


@dataclass
class StillNews:
    """Lists in which nothing happens, and an engine that is told where it is."""

    engine: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(durable_sequence=0))
    clock: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(changes=0))

    requests: NumberedLog = field(default_factory=NumberedLog)

    def heads(self):
        """How far they reach."""
        return Places(self.engine.durable_sequence, 0, Position(0), 0, self.requests.count)

    def figures(self, seen, told):
        """Only the listener's own."""
        return FiguresView(
            commands=0, batches=0, durable_sequence=0, history_sequence=0, decisions=seen, decisions_told=told
        )


class Stage:
    """Streams on a clock that stands still."""

    def __init__(self, issuer_of=ISSUERS.get):
        self.now, self.news, self.issuer_of = ManualClock(), StillNews(), issuer_of
        self.streams = Streams(self.news, self.now)
        self.is_admitted = True

    def listener(self, *topics, issuer=None):
        """One that has joined."""
        sight = Sight(self.issuer_of, everything=issuer is None, issuer=issuer)
        views = Views(lambda row: ListedDecisionView.of(row, is_issuer=True), None, None, None, lambda each: each, None)
        audience = Audience(frozenset(topics or [Topic.DECISIONS]), sight, Viewer(), views, lambda: self.is_admitted)
        listener = self.streams.listener(audience, None)
        return listener if self.streams.join(listener) else None

    def decide(self, count, account=7):
        """So many decisions about an account, and a change of a card, which is none."""
        first = self.news.engine.durable_sequence + 1
        commands = joined([*(tap(first + place) for place in range(count)), set_card(1)])
        results = new_results(count + 1)
        results["sequence"] = np.arange(first, first + count + 1)
        results["account_id"], results["reason"] = account, Reason.APPROVED
        nothing = np.zeros(0)
        self.news.engine.durable_sequence += count + 1
        self.streams.follow(Durable(first, commands, results, *[nothing] * 4))


def entries(blocks):
    """(event, data) of the entries in blocks."""
    told = [dict(line.split(": ", 1) for line in block.decode().splitlines() if line) for block in blocks]
    return [(each["event"], json.loads(each["data"])) for each in told if "event" in each]


async def heard(stage, listener):
    """What a listener is sent now."""
    await stage.streams.look_at_decisions()
    return entries(await listener.next_blocks())


def numbers(told):
    """The numbers of decisions; 'FIRST-LAST' for gaps."""
    return [
        _number(data["id"]) if event == "decision" else f"{_number(data['from'])}-{_number(data['to'])}"
        for event, data in told
    ]


def _number(identifier):
    return to_number(Prefix.AUTHORIZATION, identifier)


def test_decisions_are_told_and_nothing_else():
    """Each once, in its order; not what was decided before somebody joined."""

    async def story():
        stage = Stage()
        early = stage.listener()
        stage.decide(2)
        late = stage.listener()
        stage.decide(1)
        return numbers(await heard(stage, early)), numbers(await heard(stage, late)), await heard(stage, early)

    assert asyncio.run(story()) == ([1, 2, 4], [4], [])


def test_an_issuer_hears_its_own():
    """And what is about no account that is known, as in the list."""

    async def story():
        stage = Stage()
        listener = stage.listener(issuer="ada")
        for account in (7, 8, 0):
            stage.decide(1, account)
        return numbers(await heard(stage, listener)), listener.decisions_seen

    assert asyncio.run(story()) == ([1, 5], 2)


def test_many_are_sampled_and_counted():
    """The figures tell how many there were."""

    async def story():
        stage = Stage()
        listener = stage.listener(Topic.DECISIONS, Topic.FIGURES)
        stage.decide(1_000)
        told = await heard(stage, listener)
        return [event for event, _ in told], told[-1][1]

    events, figures = asyncio.run(story())
    assert events == ["decision"] * 20 + ["figures"]
    assert (figures["decisions"], figures["decisions_told"]) == (1_000, 20)


def test_who_does_not_read_gets_a_gap():
    """The newest five hundred wait, whatever comes; the gap names the decisions that are lost."""

    async def story():
        stage = Stage()
        listener = stage.listener()
        for _ in range(600):
            stage.now.advance(1)
            stage.decide(1)
            await stage.streams.look_at_decisions()
        return numbers(await heard(stage, listener))

    gap, *told = asyncio.run(story())
    assert gap == "1-199"  # every second command is a decision
    assert told == list(range(201, 1_200, 2))


def test_nothing_is_kept_while_nobody_listens():
    """Not before the first has come, and not after the last has gone."""

    async def story():
        stage = Stage()
        stage.decide(5)
        before = len(stage.streams._waiting)
        listener = stage.listener()
        stage.decide(5)
        during = len(stage.streams._waiting)
        stage.streams.leave(listener)
        after = len(stage.streams._waiting)
        stage.decide(5)
        return before, during, after, len(stage.streams._waiting)

    assert asyncio.run(story()) == (0, 1, 0, 0)


def test_what_waits_to_be_looked_at_is_bounded(monkeypatch):
    """If nobody gets to look at it, the oldest is given up, and said to be."""
    monkeypatch.setattr(module, "WAITING_COMMANDS_MAX", 4)

    async def story():
        stage = Stage()
        listener = stage.listener()
        for _ in range(3):
            stage.decide(1)
        return numbers(await heard(stage, listener))

    assert asyncio.run(story()) == ["1-2", 3, 5]


def test_a_vault_that_is_away_makes_a_gap():
    """Nobody can say whose the decisions are; nothing is shown to who may not see it, and the loss is told."""

    def away(_account):
        raise DatabaseUnavailable("away")

    async def story():
        stage = Stage(away)
        listener = stage.listener(issuer="ada")
        stage.decide(3)
        return numbers(await heard(stage, listener))

    assert asyncio.run(story()) == ["1-4"]


def test_seventeen_are_too_many():
    """When one has left there is room again."""

    async def story():
        stage = Stage()
        listeners = [stage.listener() for _ in range(LISTENERS_MAX)]
        refused = stage.listener()
        stage.streams.leave(listeners[3])
        return all(listeners), refused, stage.listener()

    assert asyncio.run(story())[:2] == (True, None)
    assert asyncio.run(story())[2] is not None


@pytest.mark.parametrize("is_admitted", [True, False])
def test_silence_is_broken_every_fifteen_seconds(is_admitted):
    """By a comment with the place; and a key that was revoked meanwhile hears no more."""

    async def story():
        stage = Stage()
        listener = stage.listener()
        blocks = listener.blocks()
        first = await anext(blocks)
        stage.now.advance(PULSE_SECONDS - 1)
        early = await listener.next_blocks()
        stage.now.advance(1)
        stage.is_admitted = is_admitted
        return first, early, [block async for block in _at_most_one(blocks)]

    first, early, later = asyncio.run(story())
    assert first == b"retry: 1000\nid: d0.e0.p1/-1/-1.m0\n\n"
    assert early == []
    assert later == ([b": still here\nid: d0.e0.p1/-1/-1.m0\n\n"] if is_admitted else [])


async def _at_most_one(blocks):
    async for block in blocks:
        yield block
        return


def test_a_closed_server_ends_streams():
    """Who waits ends at once, who does not read is cut off, and nobody may begin."""

    async def story():
        stage, cut = Stage(), []
        waiting, blocked = stage.listener(), stage.listener()
        for listener in (waiting, blocked):
            listener.admitted(0, lambda listener=listener: cut.append(listener))
        ending = asyncio.create_task(_all(waiting.blocks()))
        sending = blocked.blocks()
        await anext(sending)  # and is not asked for more: what it gave cannot be sent
        while waiting._is_sending or not waiting._places:
            await asyncio.sleep(0)
        stage.streams.close()
        await asyncio.wait_for(ending, 10)
        return cut == [blocked], stage.listener(), await _all(sending)

    assert asyncio.run(story()) == (True, None, [])


async def _all(blocks):
    return [block async for block in blocks]


def test_requests_are_told_by_those_who_named_them():
    """Each once; a hundred at a time; and those that are no longer kept are a gap, by their numbers."""

    async def story():
        stage = Stage()
        listener, other = stage.listener(Topic.REQUESTS), stage.listener(Topic.DECISIONS)
        stage.news.requests.count = 2
        told = [await heard(stage, listener), await heard(stage, other), await heard(stage, listener)]
        stage.news.requests.count = 1_103
        told.append(await heard(stage, listener))
        more = [await heard(stage, listener) for _ in range(11)]
        return told, more

    told, more = asyncio.run(story())
    assert told[:3] == [[("request", {"number": 1}), ("request", {"number": 2})], [], []]
    assert told[3][0] == ("gap", {"topic": "requests", "from": "3", "to": "103"})
    numbers_told = [data["number"] for told in (told[3][1:], *more) for _, data in told]
    assert numbers_told == list(range(104, 1_104))
    assert len(told[3]) == 101
    assert more[-1] == more[-2] == []


@pytest.mark.parametrize(("heard_before", "told"), [(1, [2, 3]), (3, []), (500, [1, 2, 3])])
def test_who_comes_back_hears_the_requests_since(heard_before, told):
    """All of them where the server has begun anew: its numbers do, too."""

    async def story():
        stage = Stage()
        stage.news.requests.count = 3
        audience = stage.listener(Topic.REQUESTS).audience
        listener = stage.streams.listener(audience, Places(0, 0, Position(0), 0, heard_before))
        assert stage.streams.join(listener)
        blocks = listener.blocks()
        await anext(blocks)
        return entries(await listener.next_blocks())

    assert asyncio.run(story()) == [("request", {"number": number}) for number in told]
