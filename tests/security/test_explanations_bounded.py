"""Explanations: few workers, a bounded queue, each made once; an account's own commands tell what all of them tell."""

import asyncio
import threading
from dataclasses import dataclass

import httpx
import numpy as np
import pytest

from authz.history import explanations
from authz.history.account_replay import AccountReplay
from authz.history.explanation import explained
from authz.history.explanations import KEPT, WAITING_MAX, Explanations
from authz.history.past import WholeReplay
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal
from authz.journal.records import Batch
from authz.journal.replay import History, apply_batch
from authz.kernel.application import name_accounts
from authz.program.document import ProgramDocument, canonical, with_offsets
from authz.state.tables import new_state
from authz.vocabulary.commands import ForcedScope, Kind
from authz.vocabulary.errors import ExplanationsBusy
from authz.vocabulary.layouts import joined
from authz.vocabulary.reasons import Reason
from simulators.parties import sandbox_constants
from tests.authz.commands import NOW_US, command, opening, refund, reversal, set_account, set_card, set_token, tap
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_text

HOUR_US = 3_600_000_000
LIMITS = [{"id": "day", "window": "day", "count_max": 6, "amount_max": 9_000, "currency": "EUR"}]
RULES = [
    {
        "id": "new",
        "state": "live",
        "action": "decline",
        "when": {"attribute": "amount", "operator": ">", "value": 4_000},
    }
]


class Written:
    """A journal of a network, with what each command was answered."""

    def __init__(self, directory, segment_bytes=4_096):
        self.journal = SegmentJournal(Directory(directory), segment_bytes)
        self.history = History(self.journal)
        self.state, self.outbox = new_state(16), 0
        for notice in opening():
            self.send(np.array([notice]))

    def send(self, *messages, attachment=b""):
        """Commands that were written together; the number of the first."""
        commands = joined(messages)
        name_accounts(self.state, commands)
        first = self.journal.next_sequence
        self.journal.append(Batch(first, commands, attachment))
        self.state, self.results, _ = apply_batch(self.state, commands, attachment)
        return first

    def use(self, **document):
        """Another program."""
        made = canonical(with_offsets(ProgramDocument.model_validate(document)))
        return self.send(command(Kind.ACTIVATE_PROGRAM), attachment=made)


@pytest.fixture
def written(tmp_path):
    """An empty network."""
    return Written(tmp_path)


def a_life(written, seed, length=120):
    """Three accounts that live side by side: taps, refunds, reversals, programs, notices, declines, expiries, time."""
    random = np.random.default_rng(seed)
    for number in range(2):
        sequence = 10 + 3 * number
        written.send(set_account(sequence, 8 + number), set_card(sequence + 1, 80 + number, 8 + number))
        written.send(set_token(sequence + 2, 800 + number, 80 + number, 8 + number))
    outbox, time_us, taps = 100, NOW_US, []
    for atc in range(1, length):
        time_us += int(random.integers(0, 9 * HOUR_US))
        pan = int(random.choice([700, 800, 801, 999]))
        kind = random.choice(
            ["tap", "tap", "tap", "sale", "refund", "reversal", "program", "limit", "force", "early", "expire"]
        )
        made = tap(atc, int(random.integers(1, 5_000)), pan, time_us=time_us)
        if kind == "sale":
            made["kind"] = Kind.FINANCIAL_REQUEST
        elif kind in ("refund", "reversal") and taps:
            original = taps[int(random.integers(len(taps)))]
            made = (refund if kind == "refund" else reversal)(original, stan=1_000 + atc, time_us=time_us)
        elif kind == "early":
            made = reversal(tap(atc + 3, 100, pan), stan=2_000 + atc, time_us=time_us)
        elif kind == "program":
            written.use(limits=LIMITS, rules=RULES if random.integers(2) else [])
            continue
        elif kind == "limit":
            outbox += 1
            made = set_account(outbox, 8, limit_minor=int(random.integers(1_000, 90_000)), time_us=time_us)
        elif kind == "force":
            forced = {"scope": ForcedScope.TOKEN, "reason": Reason.INSUFFICIENT_FUNDS}
            made = command(Kind.FORCE_REASON, subject=801, time_us=time_us, **forced)
        elif kind == "expire":
            decision = int(random.integers(1, written.journal.next_sequence))
            made = command(Kind.EXPIRE_HOLD, decision=decision, time_us=time_us)
        if kind in ("tap", "sale"):
            taps.append(made)
        more = [tap(atc, 5, 801, time_us=time_us)] if random.integers(4) == 0 else []
        written.send(made, *more)


@pytest.mark.parametrize("seed", range(3))
def test_an_accounts_own_commands_tell_what_all_tell(written, seed):
    """Every decision of a life of three accounts, also those that were written after the first was asked about."""
    by_account, whole = AccountReplay(written.journal), WholeReplay(written.history)
    a_life(written, seed, 40)
    by_account.read_on()
    for name in ("a", "b"):
        written.send(tap(200 + ord(name), 10, 800, time_us=NOW_US + 10**13))
    by_account.read_on()
    told = 0
    for sequence in range(1, written.journal.next_sequence):
        wanted = explained(whole, sequence)
        if wanted is not None:
            assert explained(by_account, sequence) == wanted
            told += 1
    assert told > 20


@pytest.mark.parametrize(
    "doing",
    [
        lambda written: written.send(command(Kind.SWITCH_ISSUER, is_down=1)),
        lambda written: written.send(
            command(Kind.FORCE_REASON, terminal=b"T", scope=ForcedScope.TERMINAL, reason=Reason.INSUFFICIENT_FUNDS)
        ),
        lambda written: written.use(limits=[LIMITS[0] | {"scope": "segment"}]),
    ],
)
def test_what_is_about_all_accounts_is_told_by_all(written, doing):
    """From the command on that makes it so; what came before is told as before."""
    before = written.send(tap(1))
    doing(written)
    after = written.send(tap(2))
    by_account = AccountReplay(written.journal)
    by_account.read_on()
    assert explained(by_account, before) == explained(WholeReplay(written.history), before)
    assert explained(by_account, after) is None


def test_an_account_with_very_many_commands_is_told_by_all(written, monkeypatch):
    """One account's past is bounded; another's is told as before."""
    monkeypatch.setattr("authz.history.account_replay.COMMANDS_MAX", 10)
    written.send(set_account(10, 8), set_card(11, 80, 8), set_token(12, 800, 80, 8))
    taps = [written.send(tap(atc, 1)) for atc in range(1, 20)]
    other = written.send(tap(1, 1, 800))
    by_account = AccountReplay(written.journal)
    by_account.read_on()
    assert explained(by_account, taps[2]) is not None
    assert explained(by_account, taps[-1]) is None
    assert explained(by_account, other) is not None


def test_what_the_journal_does_not_hold_is_not_told(written):
    """A number from the future, and none."""
    by_account = AccountReplay(written.journal)
    by_account.read_on()
    assert by_account.command(0) is None
    assert by_account.command(written.journal.next_sequence) is None


@dataclass
class Past:
    """Answers when the test lets it."""

    told: object
    asked: list
    may: threading.Event

    def read_on(self):
        """There is nothing to read."""

    def command(self, sequence):
        """Wait, then know nothing."""
        self.asked.append((sequence, threading.current_thread().name))
        assert self.may.wait(20)
        return self.told


def identifier(sequence):
    """As it is outside."""
    return to_text(Prefix.AUTHORIZATION, sequence)


def test_two_hundred_at_once_are_answered_or_told_to_come_again(written, monkeypatch):
    """So many wait, the rest hear so at once; one thread of each kind works, and all is free again afterwards."""
    past = Past(None, [], threading.Event())
    monkeypatch.setattr(explanations, "AccountReplay", lambda _journal: past)
    monkeypatch.setattr(explanations, "WholeReplay", lambda _history: past)

    async def run():
        made = Explanations(written.history)
        asked = [asyncio.create_task(made.explain(identifier(number))) for number in range(1, 201)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        refused = sum(task.done() for task in asked)
        past.may.set()
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        again = await asyncio.gather(made.explain(identifier(1)), return_exceptions=True)
        made.close()
        return refused, outcomes, again

    refused, outcomes, again = asyncio.run(run())
    assert refused == 200 - WAITING_MAX
    assert [type(each) for each in outcomes] == [NotFound] * WAITING_MAX + [ExplanationsBusy] * refused
    assert type(again[0]) is NotFound
    assert len({name for _, name in past.asked}) == 2


def test_who_goes_away_frees_no_place_before_its_turn_is_over(written, monkeypatch):
    """A caller that hangs up and asks again does not make the queue longer than it may be."""
    past = Past(None, [], threading.Event())
    monkeypatch.setattr(explanations, "AccountReplay", lambda _journal: past)

    async def run():
        made = Explanations(written.history)
        for number in range(WAITING_MAX):
            asked = asyncio.create_task(made.explain(identifier(number + 1)))
            await asyncio.sleep(0)
            asked.cancel()
        await asyncio.sleep(0)
        with pytest.raises(ExplanationsBusy):
            await made.explain(identifier(99))
        past.may.set()
        made.close()

    asyncio.run(run())


def test_what_was_explained_is_kept(written, monkeypatch):
    """The newest so many; what waits for the issuer's decisioning webhook is not, since it will be told otherwise."""
    first = written.send(tap(1))
    written.send(tap(2))
    counted = []
    of_account = explanations.explained

    def counting(past, sequence):
        counted.append(sequence)
        return of_account(past, sequence)

    monkeypatch.setattr(explanations, "explained", counting)
    monkeypatch.setattr(explanations, "KEPT", 1)

    async def run():
        made = Explanations(written.history)
        told = [await made.explain(identifier(each)) for each in (first, first, first + 1, first)]
        made.close()
        return told

    told = asyncio.run(run())
    assert told[0] == told[1] == told[3]
    assert counted == [first, first + 1, first]
    assert KEPT == 10_000


@pytest.mark.parametrize("is_indexed", [True, False])
def test_whose_a_decision_is_is_told_without_replaying_anything(written, monkeypatch, is_indexed):
    """By the list of accounts, also of what all commands are needed to explain, or by the journal's own command."""
    written.send(set_account(10, 8), set_card(11, 80, 8), set_token(12, 800, 80, 8))
    no_messages = [1, written.use(), written.send(command(Kind.SWITCH_ISSUER, is_down=1)), 10_000]
    own, others, nobodys = (written.send(tap(1, 100, pan)) for pan in (700, 800, 999))
    monkeypatch.setattr("authz.history.explanations.explained", None)
    monkeypatch.setattr("authz.history.past.replayed_command", None)
    if not is_indexed:
        monkeypatch.setattr("authz.history.account_replay.INDEXED_MAX", 3)

    async def run():
        made = Explanations(written.history)
        told = [await made.account_of(identifier(each)) for each in (own, others, nobodys)]
        unknown = (made.account_of(identifier(each)) for each in no_messages)
        refused = {type(each) for each in await asyncio.gather(*unknown, return_exceptions=True)}
        made.close()
        return told, refused

    assert asyncio.run(run()) == ([7, 8, None], {NotFound})


def test_over_http_a_caller_is_told_when_to_come_again(sandbox, issuer, new_phone, terminal, monkeypatch):
    """503 with Retry-After, as a problem."""

    phone = new_phone()
    phone.provision(issuer.issue_card(issuer.open_account("EUR", 1_000)["id"])["id"])
    decided = terminal.pay(phone, 100).authorization_id
    monkeypatch.setattr(explanations, "WAITING_MAX", 0)
    headers = {"Authorization": f"Bearer {sandbox_constants.ISSUER_API_KEY}"}
    answer = httpx.get(f"{sandbox.http_url}/v1/authorizations/{decided}", headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["type"].endswith("explanations_busy")
