"""Thousands of crashes, each from a seed: every acknowledged decision survives, or the engine refuses to start.

An engine is cut off somewhere in an append, a new segment, a checkpoint or the deletion of old segments. What is left
on the disk, sometimes with a corrupted bit, is opened again and continued, several times over.
"""

import random

import numpy as np
import pytest

from authz.journal.journal_files import SegmentJournal
from authz.journal.records import Batch
from authz.journal.replay import History, apply_batch, replayed
from authz.kernel.application import name_accounts
from authz.state.stored import rows_in_use
from authz.state.tables import new_state
from authz.upkeep.checkpointing import Retention, make_checkpoint
from authz.vocabulary.errors import CheckpointDamaged, EngineError, JournalDamaged, JournalEndsEarly
from authz.vocabulary.layouts import joined
from tests.authz.commands import NOW_US, opening, reversal, tap
from tests.simulation.disk import PowerCut, SimulatedDisk, with_rot

SEEDS = 2_000
LIVES = 4
BLOCKS = [0, *(pytest.param(block, marks=pytest.mark.slow) for block in range(1, 20))]
"""The first hundred seeds with every run of the tests, all of them in CI."""


class Machine:
    """An engine's life on a simulated disk: batches are applied, appended and only then acknowledged."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.journal_files: dict[str, bytes] = {}
        self.checkpoint_files: dict[str, bytes] = {}
        self.history: list[np.ndarray] = []
        self.acknowledged = 0
        self.counter = 0

    def open(self) -> tuple[SegmentJournal, SimulatedDisk, SimulatedDisk]:
        """Open what is on the disks, as the engine does. Raises: EngineError."""
        disk = SimulatedDisk(self.chance, self.journal_files)
        checkpoints = SimulatedDisk(self.chance, self.checkpoint_files)
        journal = SegmentJournal(disk, segment_bytes=3_000)
        opened = replayed(History(journal, checkpoints))
        if opened.sequence != journal.next_sequence - 1:
            raise JournalEndsEarly(opened.sequence, journal.next_sequence - 1)
        self.state = opened.state
        return journal, disk, checkpoints

    def live(self) -> None:
        """Work until the power is cut."""
        journal, disk, checkpoints = self.open()
        del self.history[journal.next_sequence - 1 :]
        disk.power = self.chance.randrange(60)
        checkpoints.power = self.chance.choice([10**9, self.chance.randrange(40)])
        retention = Retention(self.chance.choice([None, 0, 1]))
        try:
            while True:
                self.append(journal)
                if self.chance.random() < 0.1:
                    make_checkpoint(journal, checkpoints, retention)
        except PowerCut:
            pass
        self.journal_files, self.checkpoint_files = disk.after_crash(), checkpoints.after_crash()

    def append(self, journal: SegmentJournal) -> None:
        """One batch: applied, made durable, acknowledged."""
        batch = joined([self.next_command() for _ in range(self.chance.randint(1, 4))])
        name_accounts(self.state, batch)
        self.state, _, _ = apply_batch(self.state, batch)
        sequence = journal.next_sequence
        self.history += [batch[i : i + 1] for i in range(len(batch))]
        journal.append(Batch(sequence, batch))
        self.acknowledged = sequence + len(batch) - 1

    def next_command(self) -> np.ndarray:
        """A tap, or now and then the reversal of one."""
        self.counter += 1
        if self.counter == 1:
            return opening()
        made = tap(self.counter % 60_000, time_us=NOW_US + self.counter, stan=self.counter)
        return reversal(made, time_us=NOW_US + self.counter) if self.chance.random() < 0.2 else made


def check(machine: Machine) -> None:
    """All that was acknowledged is there, once, and nothing else than what was appended."""
    journal, _, _ = machine.open()
    last = journal.next_sequence - 1
    assert machine.acknowledged <= last <= len(machine.history)
    expected = new_state(16)
    if last:
        expected = apply_batch(expected, joined(machine.history[:last]))[0]
    assert rows_in_use(machine.state) == rows_in_use(expected)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_acknowledged_decision_survives(block):
    """Crashes alone never lose or repeat a decision, and never keep the engine from starting."""
    for seed in range(block * SEEDS // len(BLOCKS), (block + 1) * SEEDS // len(BLOCKS)):
        machine = Machine(random.Random(seed))
        for life in range(LIVES):
            machine.live()
            try:
                check(machine)
            except (AssertionError, EngineError) as error:
                raise AssertionError(f"seed {seed}, life {life}: {error!r}") from error


@pytest.mark.parametrize("block", BLOCKS)
def test_a_rotten_bit_is_survived_or_refused(block):
    """With a bit flipped anywhere, acknowledged decisions are there, or the engine refuses with an error of its own."""
    refused = 0
    for seed in range(block * SEEDS // len(BLOCKS), (block + 1) * SEEDS // len(BLOCKS)):
        chance = random.Random(f"rot {seed}")
        machine = Machine(chance)
        machine.live()
        machine.live()
        if not any(machine.journal_files.values()):
            continue
        if chance.random() < 0.8 or not any(machine.checkpoint_files.values()):
            machine.journal_files = with_rot(machine.journal_files, chance)
        else:
            machine.checkpoint_files = with_rot(machine.checkpoint_files, chance)
        try:
            check(machine)
        except (JournalDamaged, CheckpointDamaged, JournalEndsEarly):
            refused += 1
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error!r}") from error
    assert refused
