"""The journal on disk: torn tails are cut, damage is refused, nothing acknowledged is lost."""

from itertools import pairwise

import pytest

from authz.journal import journal_files
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal, SegmentReader
from authz.journal.marks import Mark
from authz.journal.records import HEADER_BYTES, Batch, gathered
from authz.journal.segment_header import SegmentHeader
from authz.vocabulary.commands import Kind
from authz.vocabulary.errors import EngineStopped, ForeignFile, JournalDamaged, JournalFenced
from authz.vocabulary.layouts import MESSAGE, joined, new_command
from tests.authz.commands import NOW_US, opening, tap


def _filled(directory, records=4, **options):
    """A journal of so many records; the sizes of its file after each."""
    journal = SegmentJournal(Directory(directory), **options)
    sizes = []
    for number in range(records):
        journal.append(Batch(journal.next_sequence, joined([opening(), tap(number + 1)])))
        sizes.append(_last(directory).stat().st_size)
    journal.close()
    return sizes


def _last(directory):
    return sorted(directory.glob("*.journal"))[-1]


def test_what_was_appended_is_read(tmp_path):
    """Commands come back in order under their numbers, across segments."""
    _filled(tmp_path, records=10, segment_bytes=2_000)
    assert len(list(tmp_path.glob("*.journal"))) > 2
    journal = SegmentJournal(Directory(tmp_path), segment_bytes=2_000)
    assert journal.next_sequence == 41
    assert [batch.sequence for batch in journal.read()] == list(range(1, 41, 4))
    assert [int(batch.commands.view(MESSAGE)["atc"][-1]) for batch in journal.read()] == list(range(1, 11))
    assert [batch.sequence for batch in journal.read(until=9)] == [1, 5, 9]
    journal.close()


def test_appends_are_fenced(tmp_path):
    """An append that names another sequence than expected is refused and writes nothing."""
    sizes = _filled(tmp_path)
    journal = SegmentJournal(Directory(tmp_path))
    for wrong in (0, 16, 18):
        with pytest.raises(JournalFenced):
            journal.append(Batch(wrong, tap(1)))
    assert _last(tmp_path).stat().st_size == sizes[-1]
    journal.close()
    with pytest.raises(EngineStopped):
        journal.append(Batch(17, tap(1)))


def test_every_torn_tail_is_cut(tmp_path):
    """Wherever the last append broke off, opening keeps all before it, and the next append cuts it off."""
    sizes = _filled(tmp_path)
    path = _last(tmp_path)
    content = path.read_bytes()
    for cut in [*range(sizes[-2] + 1, sizes[-2] + HEADER_BYTES + 2), sizes[-1] - 1]:
        path.write_bytes(content[:cut])
        journal = SegmentJournal(Directory(tmp_path))
        assert journal.next_sequence == 13
        assert path.stat().st_size == cut
        journal.append(Batch(13, tap(9)))
        journal.close()
    journal = SegmentJournal(Directory(tmp_path))
    assert [int(batch.commands.view(MESSAGE)["atc"][-1]) for batch in journal.read()] == [1, 2, 3, 9]
    journal.close()


def test_records_that_are_completed_while_the_journal_is_read(tmp_path, monkeypatch):
    """A writer that finishes its append between two looks at the tail has damaged nothing; a later reading has it."""
    _filled(tmp_path)
    path = _last(tmp_path)
    whole, read_batches = path.read_bytes(), journal_files._batches

    def finishing(file, layout):
        yield from read_batches(file, layout)
        path.write_bytes(whole)

    monkeypatch.setattr(journal_files, "_batches", finishing)
    for missing in (5, len(whole) // 2):
        path.write_bytes(whole[:-missing])
        reader = SegmentReader(Directory(tmp_path))
        before = [batch.sequence for batch in reader.read()]
        assert before == [batch.sequence for batch in reader.read()][: len(before)]
        assert len(before) < len(list(reader.read()))


def test_a_tail_of_zeros_is_cut(tmp_path):
    """A file that grew but whose last bytes never arrived is cut where they begin."""
    sizes = _filled(tmp_path)
    path = _last(tmp_path)
    path.write_bytes(path.read_bytes()[: sizes[-2]] + bytes(4096))
    journal = SegmentJournal(Directory(tmp_path))
    assert journal.next_sequence == 13
    journal.close()


def test_what_crash_and_rot_look_like(tmp_path):
    """Sectors of the last record that never arrived are a crash; any bit of it that is wrong is damage."""
    journal = SegmentJournal(Directory(tmp_path))
    journal.append(Batch(1, opening()))
    start = _last(tmp_path).stat().st_size
    journal.append(Batch(4, joined([tap(n) for n in range(1, 9)])))
    journal.close()
    path, whole = _last(tmp_path), _last(tmp_path).read_bytes()
    boundaries = [start, *range(-(-start // 512) * 512, len(whole), 512), len(whole)]
    for first, last in pairwise(boundaries):
        path.write_bytes(whole[:first] + bytes(last - first) + whole[last:])
        assert SegmentJournal(Directory(tmp_path)).next_sequence == 4, (first, last)
    for position in range(start, len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1 << position % 8]) + whole[position + 1 :])
        with pytest.raises(JournalDamaged) as refused:
            SegmentJournal(Directory(tmp_path))
        assert refused.value.offset == start


@pytest.mark.parametrize("where", ["header", "payload"])
def test_damage_in_the_middle_is_refused(tmp_path, where):
    """A flipped bit before the last record refuses to open, names file and offset, and changes nothing."""
    sizes = _filled(tmp_path)
    path = _last(tmp_path)
    content = bytearray(path.read_bytes())
    content[sizes[0] + (5 if where == "header" else HEADER_BYTES + 100)] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(JournalDamaged) as refused:
        SegmentJournal(Directory(tmp_path))
    assert (refused.value.path, refused.value.offset) == (path, sizes[0])
    assert str(path) in str(refused.value)
    assert path.read_bytes() == content


def test_damage_in_an_earlier_segment_is_refused(tmp_path):
    """An earlier segment that is short, or missing, or of another layout is damage: reading says so."""
    _filled(tmp_path, records=10, segment_bytes=2_000)
    first, second, *_ = sorted(tmp_path.glob("*.journal"))
    content = first.read_bytes()
    first.write_bytes(content[:-1])
    with pytest.raises(JournalDamaged, match="later segments"):
        list(SegmentJournal(Directory(tmp_path)).read())
    first.write_bytes(b"X" + content[1:])
    with pytest.raises(JournalDamaged, match="version"):
        list(SegmentJournal(Directory(tmp_path)).read())
    first.write_bytes(content)
    second.unlink()
    with pytest.raises(
        JournalDamaged, match="continues after command 16, but the commands before it end with command 8"
    ):
        list(SegmentJournal(Directory(tmp_path)).read())


def test_a_segment_torn_at_birth_is_started_again(tmp_path):
    """A crash right after a new segment's file was made leaves nothing behind."""
    _filled(tmp_path)
    (tmp_path / f"{17:020d}.journal").write_bytes(b"TAPW")
    journal = SegmentJournal(Directory(tmp_path))
    journal.append(Batch(17, tap(1)))
    journal.close()
    assert sum(len(batch.commands) for batch in SegmentJournal(Directory(tmp_path)).read()) == 17


def test_a_failed_write_closes_the_journal(tmp_path, monkeypatch):
    """When the disk refuses, nothing more is appended: what reached it is unknown."""
    journal = SegmentJournal(Directory(tmp_path))
    monkeypatch.setattr("os.fdatasync", lambda descriptor: (_ for _ in ()).throw(OSError(5, "I/O error")))
    with pytest.raises(OSError, match="I/O error"):
        journal.append(Batch(1, tap(1)))
    with pytest.raises(EngineStopped):
        journal.append(Batch(1, tap(1)))


OWN, OTHER = bytes(range(16)), bytes(range(16, 32))


def test_segments_of_another_network_are_refused_by_name(tmp_path):
    """Whether the journal is opened by its owner, or one of its segments is another's."""
    _filled(tmp_path / "own", records=10, segment_bytes=2_000, network=OWN)
    _filled(tmp_path / "other", records=10, segment_bytes=2_000, network=OTHER)
    with pytest.raises(ForeignFile, match=f"belongs to network {OWN.hex()}, not to {OTHER.hex()}"):
        SegmentJournal(Directory(tmp_path / "own"), network=OTHER)
    names = sorted(path.name for path in (tmp_path / "own").iterdir())
    (tmp_path / "own" / names[1]).write_bytes((tmp_path / "other" / names[1]).read_bytes())
    with pytest.raises(ForeignFile, match=f"{names[1]} belongs to network {OTHER.hex()}"):
        SegmentJournal(Directory(tmp_path / "own"))


def test_a_segment_of_another_past_is_refused(tmp_path):
    """The same network and numbers, other commands: the next segment does not continue this one."""
    _filled(tmp_path / "own", records=10, segment_bytes=2_000, network=OWN)
    journal = SegmentJournal(Directory(tmp_path / "other"), segment_bytes=2_000, network=OWN)
    for number in range(10):
        journal.append(Batch(journal.next_sequence, joined([opening(), tap(number + 20)])))
    journal.close()
    names = sorted(path.name for path in (tmp_path / "own").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "other").iterdir())
    (tmp_path / "own" / names[0]).write_bytes((tmp_path / "other" / names[0]).read_bytes())
    with pytest.raises(JournalDamaged, match="it does not continue the segment before it"):
        list(SegmentReader(Directory(tmp_path / "own")).read())


def test_the_running_digest_tells_journals_apart(tmp_path):
    """It is known at the end of each record, the same in every reader, and another where anything before differs."""
    _filled(tmp_path / "own", records=10, segment_bytes=2_000)
    _filled(tmp_path / "same", records=10, segment_bytes=10_000)
    reader, same = (SegmentReader(Directory(tmp_path / name)) for name in ("own", "same"))
    digests = [reader.digest_at(sequence) for sequence in range(0, 41, 4)]
    assert digests == [same.digest_at(sequence) for sequence in range(0, 41, 4)]
    assert len(set(digests)) == 11
    assert None not in digests
    assert [reader.digest_at(sequence) for sequence in (1, 39, 41)] == [None] * 3
    journal = SegmentJournal(Directory(tmp_path / "own"))
    assert journal.end == Mark(40, digests[-1])
    journal.append(Batch(41, tap(77)))
    assert journal.end == Mark(41, SegmentReader(Directory(tmp_path / "own")).digest_at(41))
    journal.close()


def test_numbers_that_were_set_aside_are_nobodys(tmp_path):
    """A new segment begins behind them; readers go from one command to the next, also from one of those numbers."""
    _filled(tmp_path, records=2)
    journal = SegmentJournal(Directory(tmp_path))
    journal.set_aside(1_000)
    assert (journal.next_sequence, journal.last_sequence) == (1_001, 8)
    journal.append(Batch(1_001, tap(9)))
    journal.append(Batch(1_002, tap(10)))
    journal.close()
    journal = SegmentJournal(Directory(tmp_path))
    assert (journal.next_sequence, journal.last_sequence) == (1_003, 1_002)
    assert [batch.sequence for batch in journal.read()] == [1, 5, 1_001, 1_002]
    assert [batch.sequence for batch in journal.read(after=8, until=500)] == []
    assert [batch.sequence for batch in journal.read(after=500, until=1_001)] == [1_001]
    assert [batch.sequence for batch in gathered(journal.read(), 1_000)] == [1, 1_001]
    assert journal.sealed_sequence == 8
    assert journal.digest_at(1_000) is None
    journal.set_aside(900)
    assert journal.next_sequence == 1_003
    journal.close()


def test_what_closes_days_ends_a_larger_batch(tmp_path):
    """It may post and cut much: a replay has room for one of them in each batch, as the engine had."""
    journal = SegmentJournal(Directory(tmp_path))
    closing = new_command(Kind.CLOSE_DAY, time_us=NOW_US, rows=16_384)
    for commands in (tap(1), tap(2), joined([tap(3), closing]), closing, tap(4), tap(5)):
        journal.append(Batch(journal.next_sequence, commands))
    larger = [(batch.sequence, len(batch.commands)) for batch in gathered(journal.read(), 1_000)]
    assert larger == [(1, 4), (5, 1), (6, 2)]
    journal.close()


@pytest.mark.parametrize("aside", [8, 500, 1_000])
def test_a_segment_that_holds_nothing_keeps_the_numbers_before_it_aside(tmp_path, aside):
    """A crash came before its first record, and whoever opens the journal next remembers fewer numbers."""
    _filled(tmp_path, records=2)
    journal = SegmentJournal(Directory(tmp_path))
    (tmp_path / f"{1_001:020d}.journal").write_bytes(SegmentHeader(bytes(16), journal.end).encoded())
    journal = SegmentJournal(Directory(tmp_path))
    journal.set_aside(aside)
    for number in (9, 10):
        journal.append(Batch(journal.next_sequence, tap(number)))
    journal.close()
    assert [batch.sequence for batch in SegmentReader(Directory(tmp_path)).read()] == [1, 5, 1_001, 1_002]


def test_a_segment_that_a_crash_kept_from_beginning_is_passed_over(tmp_path):
    """It holds nothing, nothing is sealed by it, and the next append makes another."""
    _filled(tmp_path, records=2)
    (tmp_path / f"{500:020d}.journal").write_bytes(b"")
    reader = SegmentReader(Directory(tmp_path))
    assert (reader.last_sequence, reader.sealed_sequence, reader.seals()) == (8, 0, [0])
    journal = SegmentJournal(Directory(tmp_path))
    journal.append(Batch(9, tap(9)))
    journal.close()
    assert SegmentReader(Directory(tmp_path)).seals() == [0, 8]
    assert [batch.sequence for batch in SegmentReader(Directory(tmp_path)).read()] == [1, 5, 9]


def test_a_digest_at_a_seal_reads_no_records(with_a_gap_behind_12, monkeypatch):
    """The next segment's header says it, also where numbers were set aside in between."""
    reader = SegmentReader(Directory(with_a_gap_behind_12))
    expected = reader.digest_at(12)
    monkeypatch.setattr(SegmentReader, "_records", None)
    assert expected is not None
    assert reader.digest_at(12) == expected


@pytest.fixture
def with_a_gap_behind_12(tmp_path):
    """A journal whose commands behind the twelfth have other numbers than the next ones."""
    _filled(tmp_path, records=3)
    journal = SegmentJournal(Directory(tmp_path))
    journal.set_aside(1_000)
    journal.append(Batch(1_001, tap(9)))
    journal.close()
    return tmp_path


def test_only_segments_of_earlier_commands_are_forgotten(tmp_path):
    """One that holds the command from which on all is wanted stays."""
    _filled(tmp_path, records=10, segment_bytes=2_000)
    reader = SegmentReader(Directory(tmp_path))
    first, second = reader.seals()[1:3]
    reader.forget(before=first)
    assert reader.begins_after == 0
    reader.forget(before=first + 1)
    assert reader.begins_after == first
    reader.forget(before=second)
    assert reader.begins_after == first


def test_a_segment_that_continues_itself_is_damage(tmp_path):
    """What a header says of what is before must be before the segment's own first command."""
    header = SegmentHeader(OWN, Mark(1, bytes(32)))
    (tmp_path / f"{1:020d}.journal").write_bytes(header.encoded())
    with pytest.raises(JournalDamaged, match="it continues after command 1"):
        SegmentJournal(Directory(tmp_path))
