"""Concurrent explanations: few workers, a bounded queue, and each explanation made once.

What an account's own commands can tell is told at once; what needs the whole journal waits for a worker of its own, so
that one caller's old decision does not keep back everybody's new ones.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
"""So many explanations of each kind are made or waited for."""

_Answer = TypeVar("_Answer")

_KEEPING_UP_SECONDS, _LITTLE = 0.5, 1_000
"""Where fewer commands have come since it was looked last, payments do not feel that the journal is read."""


class _Worker:
    """One thread, and how many wait for it."""

    def __init__(self, name: str, past: Callable[[], Past]) -> None:
        self._thread = ThreadPoolExecutor(1, name)
        self._past = past
        self._open: Past | None = None
        self._waiting = 0

    async def asked(self, question: Callable[[Past, int], _Answer], sequence: int) -> _Answer:
        """What the past tells of a command when it is its turn. Raises: ExplanationsBusy where too many wait."""
        if self._waiting >= WAITING_MAX:
            raise ExplanationsBusy
        self._waiting += 1
        done = asyncio.get_running_loop().run_in_executor(self._thread, self._ask, question, sequence)
        done.add_done_callback(self._ended)  # also where nobody waits for it any more
        return await asyncio.shield(done)

    def _ended(self, done: "asyncio.Future[_Answer]") -> None:
        self._waiting -= 1
        if not done.cancelled():
            done.exception()  # whoever waited has heard of it

    def _ask(self, question: Callable[[Past, int], _Answer], sequence: int) -> _Answer:
        return question(self._opened(), sequence)

    async def opened(self) -> Past:
        """What it looks into, when it is its turn."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._opened)

    def _opened(self) -> Past:
        if self._open is None:
            self._open = self._past()
        self._open.read_on()
        return self._open

    def close(self) -> None:
        """Wait for the one that is being made; those behind it are given up."""
        self._thread.shutdown(cancel_futures=True)


class Explanations:
    """Explains decisions of one history. Belongs to one event loop."""

    def __init__(self, history: History) -> None:
        self._kept: OrderedDict[int, Explanation] = OrderedDict()
        journal = history.journal
        self._by_account = None
        if isinstance(journal, SegmentReader):
            self._by_account = _Worker("explanations", lambda: AccountReplay(journal))
        self._by_all = _Worker("whole explanations", lambda: WholeReplay(history))

    async def account_of(self, authorization_id: str) -> int | None:
        """The account that a decision is about, None for nobody's. Nothing is replayed for that.

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
        """What an account's own commands tell of a command, else what all of them do. Raises: ExplanationsBusy."""
        explanation = None if self._by_account is None else await self._by_account.asked(question, sequence)
        return await self._by_all.asked(question, sequence) if explanation is None else explanation

    async def keep_up(self, written: Callable[[], int]) -> None:
        """Read what has been written whenever little is being written, so that whoever asks need not wait for that.

        written: the last durable command.
        """
        before = written()
        while self._by_account is not None:
            await asyncio.sleep(_KEEPING_UP_SECONDS)
            if 0 <= written() - before < _LITTLE:
                await self._by_account.opened()
            before = written()

    def close(self) -> None:
        """Wait for what is being made."""
        if self._by_account is not None:
            self._by_account.close()
        self._by_all.close()


def _not_found(authorization_id: str) -> NotFound:
    return NotFound(f"there is no authorization {authorization_id}")
