"""What the vault remembers of the journal, and the numbers of its notices, on every database."""

from tokenvault.events import outbox
from tokenvault.storage.database import writing
from tokenvault.storage.high_water import HighWater, keep_high_water, kept_high_water

NOTICE = outbox.LimitedUseKeyNotice("4000000000000002", "6120101", 1_800_000_000, 4)


def test_what_is_kept_is_what_was_kept_last(vault):
    """One row, whole."""
    assert kept_high_water(vault.database) is None
    for number in (5, 7):
        made = HighWater(bytes(range(16)), number, bytes([number]) * 32, 10**12 + number)
        keep_high_water(vault.database, made)
        assert kept_high_water(vault.database) == made


def test_notices_go_on_behind_a_number(vault):
    """That another database has used up; the greatest number that was given is told also where no entry has it."""
    before = outbox.last_sequence(vault.database)
    with writing(vault.database) as connection:
        outbox.put(connection, NOTICE)
    assert outbox.last_sequence(vault.database) == before + 1
    outbox.go_on_behind(vault.database, before + 100)
    assert outbox.last_sequence(vault.database) == before + 100
    with writing(vault.database) as connection:
        outbox.put(connection, NOTICE)
    assert [entry.sequence for entry in outbox.entries_after(vault.database, before)] == [before + 1, before + 101]
