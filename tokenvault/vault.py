"""The vault's dependencies for every use case: database, keys, program, clock, randomness, and listeners."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from tokenvault.keys.key_ring import KeyRing
from tokenvault.program.card_program import CardProgram
from tokenvault.storage.database import reading, writing
from tokenvault.storage.unit_of_work import current_unit
from tokenvault.vocabulary.identifiers import RandomBytes, new_number


def _nobody_listens() -> None:
    """The default of `Vault.announce`."""


@dataclass(frozen=True)
class Vault:
    """The vault's surroundings, passed to each use case.

    clock: Unix seconds.  wall_clock: the time that callers date their proofs by; the same clock if None.
    random_bytes: for identifiers, token PANs and nonces.
    announce: called after each commit; returns when everything in the outbox has been heard.
    """

    database: sa.Engine
    keys: KeyRing
    program: CardProgram
    clock: Callable[[], float] = time.time
    wall_clock: Callable[[], float] | None = None
    random_bytes: RandomBytes = os.urandom
    announce: Callable[[], None] = field(default=_nobody_listens)

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """All of a use case's changes, or none; after the commit the outbox is announced.

        Within a request whose answer is kept, the commit comes with the answer, see `unit_of_work`.
        """
        unit = current_unit.get()
        if unit is not None:
            with unit.part() as connection:
                yield connection
            return
        with writing(self.database) as connection:
            yield connection
        self.announce()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that only reads; it sees what its own request has changed so far."""
        unit = current_unit.get()
        if unit is not None and unit.has_begun:
            yield unit.connection
            return
        with reading(self.database) as connection:
            yield connection

    def now(self) -> int:
        """Unix seconds, whole."""
        return int(self.clock())

    def proof_time(self) -> int:
        """Unix seconds that proofs by callers are dated by, whole."""
        return int((self.wall_clock or self.clock)())

    def new_number(self) -> int:
        """A number for a new identifier."""
        return new_number(self.random_bytes)

    def random_below(self, bound: int) -> int:
        """A uniform random number, 0 <= number < bound."""
        # 64 bits more than needed keep the modulo bias under 2**-64.
        length = (bound.bit_length() + 7) // 8 + 8
        return int.from_bytes(self.random_bytes(length), "big") % bound

    def expiry_after(self, months: int) -> str:
        """The month so many months from now, as YYMM (UTC)."""
        today = time.gmtime(self.now())
        total = today.tm_year * 12 + today.tm_mon - 1 + months
        return f"{total // 12 % 100:02d}{total % 12 + 1:02d}"
