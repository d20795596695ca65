"""Concurrent explanations: few workers, a bounded queue, and each explanation made once.

What an account's own commands can tell is told at once; what needs the whole journal waits for a worker of its own, so
that one caller's old decision does not keep back everybody's new ones.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from authz.history.account_replay import AccountReplay
from authz.history.explanation import Explanation, explained
from authz.history.past import Past, WholeReplay
from authz.journal.journal_files import SegmentReader
from authz.journal.replay import History
from authz.kernel.checks.order import ASKER_OF
from authz.vocabulary.errors import ExplanationsBusy
from authz.vocabulary.reasons import Reason
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number

KEPT = 10_000
WAITING_MAX = 32
"""The number of explanations of each kind that may be made or waited for at once."""

_Answer = TypeVar("_Answer")

_KEEPING_UP_SECONDS, _LITTLE = 0.5, 1_000
"""With fewer new commands than this in an interval, reading the journal does not delay payments."""


class _Worker:
    """One worker thread, and the number of requests that wait for it."""

    def __init__(self, name: str, past: Callable[[], Past]) -> None:
        self._thread = ThreadPoolExecutor(1, name)
        self._past = past
        self._open: Past | None = None
        self._waiting = 0

    async def asked(self, question: Callable[[Past, int], _Answer], sequence: int) -> _Answer:
        """The answer to a question about a command, found in the thread. Raises: ExplanationsBusy if too many wait."""
        if self._waiting >= WAITING_MAX:
            raise ExplanationsBusy
        self._waiting += 1
        done = asyncio.get_running_loop().run_in_executor(self._thread, self._ask, question, sequence)
        done.add_done_callback(self._ended)  # also if the request was cancelled meanwhile
        return await asyncio.shield(done)

    def _ended(self, done: "asyncio.Future[_Answer]") -> None:
        self._waiting -= 1
        if not done.cancelled():
            done.exception()  # the caller, if it still waits, has received it

    def _ask(self, question: Callable[[Past, int], _Answer], sequence: int) -> _Answer:
        return question(self._opened(), sequence)

    async def opened(self) -> Past:
        """The past that the worker reads, brought up to date first."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._opened)

    @asynccontextmanager
    async def of_another_past(self) -> AsyncIterator[None]:
        """Nothing is read inside; afterwards everything is read anew."""
        begun, done = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def rest() -> None:
            loop.call_soon_threadsafe(begun.set)
            done.wait()
            self._open = None

        resting = loop.run_in_executor(self._thread, rest)
        try:
            await begun.wait()
            yield
        finally:
            done.set()
            await resting

    def _opened(self) -> Past:
        if self._open is None:
            self._open = self._past()
        self._open.read_on()
        return self._open

    def close(self) -> None:
        """Wait for the explanation in progress; those that wait are cancelled."""
        self._thread.shutdown(cancel_futures=True)


class Explanations:
    """Explains decisions of one history. Used by one event loop only."""

    def __init__(self, history: History) -> None:
        self._kept: OrderedDict[int, Explanation] = OrderedDict()
        journal = history.journal
        self._by_account = None
        if isinstance(journal, SegmentReader):
            self._by_account = _Worker("explanations", lambda: AccountReplay(journal))
        self._by_all = _Worker("whole explanations", lambda: WholeReplay(history))

    async def account_of(self, authorization_id: str) -> int | None:
        """The account that a decision is about, None for an unknown token. Nothing is replayed for that.

        Raises: NotFound if the journal holds no such decision.  ExplanationsBusy.
        """
        sequence = to_number(Prefix.AUTHORIZATION, authorization_id)
        explanation = self._kept.get(sequence)
        if explanation is not None:
            return None if explanation.account_id is None else to_number(Prefix.ACCOUNT, explanation.account_id)
        written = await self._first_explained(lambda past, each: past.written(each), sequence)
        if written is None or int(written["kind"]) not in ASKER_OF:
            raise _not_found(authorization_id)
        return int(written["account_id"]) or None

    async def explain(self, authorization_id: str) -> Explanation:
        """Explain one authorization or reversal.

        Raises: NotFound if the journal holds no such decision.  ExplanationsBusy.
        """
        sequence = to_number(Prefix.AUTHORIZATION, authorization_id)
        explanation = self._kept.get(sequence) or await self._first_explained(explained, sequence)
        if explanation is None:
            raise _not_found(authorization_id)
        if explanation.reason is not Reason.AWAITING_ISSUER:
            self._kept[sequence] = explanation
            self._kept.move_to_end(sequence)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return explanation

    async def _first_explained(self, question: Callable[[Past, int], _Answer | None], sequence: int) -> _Answer | None:
        """The answer by a replay of one account, or else by a replay of all. Raises: ExplanationsBusy."""
        explanation = None if self._by_account is None else await self._by_account.asked(question, sequence)
        return await self._by_all.asked(question, sequence) if explanation is None else explanation

    async def keep_up(self, written: Callable[[], int]) -> None:
        """Index new commands whenever the load is low, so that a request for an explanation need not wait for it.

        written: the last durable command.
        """
        before = written()
        while self._by_account is not None:
            await asyncio.sleep(_KEEPING_UP_SECONDS)
            if 0 <= written() - before < _LITTLE:
                await self._by_account.opened()
            before = written()

    @asynccontextmanager
    async def of_another_past(self) -> AsyncIterator[None]:
        """Nothing is read from the journal inside, whose files may be exchanged; afterwards nothing is remembered."""
        async with AsyncExitStack() as workers:
            for worker in filter(None, (self._by_account, self._by_all)):
                await workers.enter_async_context(worker.of_another_past())
            yield
        self._kept.clear()

    def close(self) -> None:
        """Wait for the explanations in progress."""
        if self._by_account is not None:
            self._by_account.close()
        self._by_all.close()


def _not_found(authorization_id: str) -> NotFound:
    return NotFound(f"there is no authorization {authorization_id}")
