"""A journal of a version before is read as it is where its bytes mean the same, and refused where they do not."""

import hashlib
from dataclasses import replace

import pytest

from authz.journal import layout_digests, segment_header
from authz.journal.disk import Directory
from authz.journal.earlier_layouts import SAME_BYTES
from authz.journal.journal_files import SegmentJournal, SegmentReader
from authz.journal.layout_digests import FIELDS_ADDED, KINDS_ADDED, digest_of_layouts, digests_of_versions_before
from authz.journal.records import Batch
from authz.vocabulary import layouts
from authz.vocabulary.commands import COMMAND, Kind
from authz.vocabulary.errors import JournalDamaged
from authz.vocabulary.layouts import LAYOUT_OF, joined
from authz.vocabulary.record_fields import Field
from tests.authz.commands import opening, tap

_NEW = 200, 201
"""Numbers of kinds that a later version might add."""


_ALL_FIELDS_ADDED = frozenset().union(*FIELDS_ADDED)


def test_layouts_are_a_file_format():
    """Commands are written to disk as they are.

    A kind that was added belongs into `layout_digests.KINDS_ADDED`, and a field that was added to a kind that there was
    already into `FIELDS_ADDED`, so that this digest stays. Whoever moves or widens a field finds in `earlier_layouts`
    what has to be done.
    """
    assert COMMAND.itemsize == 280
    assert digest_of_layouts(KINDS_ADDED, _ALL_FIELDS_ADDED).hex() == "47271a1ec8057ee6"
    assert {digest.hex() for digest in SAME_BYTES} == {"4ae1102ae0a04e69", "62d3544ac99848eb"}


@pytest.mark.parametrize(
    ("fields", "kinds", "digest"),
    [
        (FIELDS_ADDED[2:], KINDS_ADDED[11:], "cc0b4054de113967"),
        (FIELDS_ADDED[1:], KINDS_ADDED[1:], "08c134fc6d41f429"),
        (FIELDS_ADDED[1:], KINDS_ADDED, "8021cde622512c44"),
        (FIELDS_ADDED, KINDS_ADDED, "47271a1ec8057ee6"),
    ],
    ids=["no pinned segment", "no product", "no end of holds", "no merchant's name"],
)
def test_versions_before_had_the_same_fields_but_for_those_that_were_added(fields, kinds, digest):
    """Their digests are those of these layouts without them: so commands mean the same, and these bytes are zero."""
    assert digest_of_layouts(kinds, frozenset().union(*fields)).hex() == digest
    assert bytes.fromhex(digest) in digests_of_versions_before()


def test_fields_that_were_added_are_there():
    """A name that is misspelt would leave nothing out."""
    laid_out = {(kind, field.name) for kind, layout in LAYOUT_OF.items() for field in layout.fields}
    assert laid_out >= _ALL_FIELDS_ADDED
    assert sum(map(len, FIELDS_ADDED)) == len(_ALL_FIELDS_ADDED)


def _digest_with_names():
    """As `digest_of_layouts`, of the fields with their names."""
    lines = sorted(
        f"{kind} {field.name} {field.offset} {field.form}"
        for kind in set(LAYOUT_OF) - set(KINDS_ADDED)
        for field in layouts.LAYOUT_OF[kind].all_fields
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def test_each_field_lies_where_it_lay():
    """Two fields of one form that change places leave the digest in the files as it was, but would be misread.

    Whoever only renames a field, or adds one, puts the new digest here. Whoever makes two fields change places, or
    gives the place of one to another, has to convert journals and checkpoints, see `earlier_layouts`.
    """
    assert _digest_with_names() == "56232ae925f528b6"


def test_fields_that_change_places_are_noticed_here_only(monkeypatch):
    """Not by the digest in the files."""
    of_files, with_names, dispute = digest_of_layouts(), _digest_with_names(), LAYOUT_OF[Kind.CHARGEBACK]
    amount, decision = dispute.fields
    swapped = replace(amount, offset=decision.offset), replace(decision, offset=amount.offset)
    monkeypatch.setattr(layouts, "LAYOUT_OF", LAYOUT_OF | {Kind.CHARGEBACK: replace(dispute, fields=swapped)})
    assert digest_of_layouts() == of_files
    assert _digest_with_names() != with_names


def _with_kinds_added(monkeypatch, *kinds):
    """A later version, with commands of some more kinds; each is laid out as one that there is."""
    monkeypatch.setattr(layouts, "LAYOUT_OF", LAYOUT_OF | dict.fromkeys(kinds, LAYOUT_OF[Kind.SET_ACCOUNT]))
    monkeypatch.setattr(layout_digests, "KINDS_ADDED", (*KINDS_ADDED, *kinds))


def _with_field_added(monkeypatch):
    """A later version, with one more field of cards in bytes that they had left unused."""
    card = LAYOUT_OF[Kind.SET_CARD]
    more = replace(card, fields=(*card.fields, Field("colour", "u1", 246, "The colour of its plastic.")))
    monkeypatch.setattr(layouts, "LAYOUT_OF", layouts.LAYOUT_OF | {Kind.SET_CARD: more})
    monkeypatch.setattr(layout_digests, "FIELDS_ADDED", (*FIELDS_ADDED, frozenset({(Kind.SET_CARD, "colour")})))


def _with_field_moved(monkeypatch):
    """A later version that has a field of an old kind elsewhere."""
    card = LAYOUT_OF[Kind.SET_CARD]
    moved = replace(card, fields=tuple(replace(field, offset=field.offset + 2) for field in card.fields))
    monkeypatch.setattr(layouts, "LAYOUT_OF", layouts.LAYOUT_OF | {Kind.SET_CARD: moved})


def _become_this_version(monkeypatch):
    """Compute again what the module that reads headers keeps of the layouts."""
    now = digest_of_layouts()
    monkeypatch.setattr(segment_header, "_LAYOUTS", now)
    monkeypatch.setattr(segment_header, "_READ", {now, *digests_of_versions_before(), *SAME_BYTES})


def _append(directory, atc):
    """Append four commands; returns how many segments there are then."""
    journal = SegmentJournal(Directory(directory))
    journal.append(Batch(journal.next_sequence, joined([opening(), tap(atc)])))
    journal.close()
    return len(list(directory.glob("*.journal")))


def test_a_journal_from_before_a_kind_was_added_is_read(tmp_path, monkeypatch):
    """Of each version in between. What is added goes to a segment of its own, which an older version refuses."""
    assert _append(tmp_path, 1) == 1
    for count in (1, 2):
        with monkeypatch.context() as later:
            _with_kinds_added(later, *_NEW[:count])
            _become_this_version(later)
            assert _append(tmp_path, 2 * count) == count + 1
            assert _append(tmp_path, 2 * count + 1) == count + 1
            assert SegmentReader(Directory(tmp_path)).last_sequence == 4 * (2 * count + 1)
    with pytest.raises(JournalDamaged, match="not a journal segment of this version"):
        SegmentJournal(Directory(tmp_path))


@pytest.mark.parametrize("kinds", [(), _NEW], ids=["nothing else", "kinds"])
def test_a_journal_from_before_a_field_was_added_is_read(kinds, tmp_path, monkeypatch):
    """Whether kinds were added as well or not. What is added goes to a segment of its own."""
    _append(tmp_path, 1)
    with monkeypatch.context() as later:
        _with_kinds_added(later, *kinds)
        _with_field_added(later)
        _become_this_version(later)
        assert _append(tmp_path, 2) == 2
        assert _append(tmp_path, 3) == 2
        assert SegmentReader(Directory(tmp_path)).last_sequence == 12
    with pytest.raises(JournalDamaged, match="not a journal segment of this version"):
        SegmentJournal(Directory(tmp_path))


def test_a_segment_that_holds_nothing_is_begun_again(tmp_path, monkeypatch):
    """A crash left the header of the version before, and nothing behind it."""
    _append(tmp_path, 1)
    (path,) = tmp_path.glob("*.journal")
    path.write_bytes(path.read_bytes()[: segment_header.SEGMENT_HEADER_BYTES])
    _with_kinds_added(monkeypatch, *_NEW)
    _become_this_version(monkeypatch)
    assert _append(tmp_path, 1) == 1
    assert digest_of_layouts() in path.read_bytes()[: segment_header.SEGMENT_HEADER_BYTES]


def test_a_journal_whose_fields_lay_elsewhere_is_not_read(tmp_path, monkeypatch):
    """Neither by a version that only moved a field, nor by one that added kinds as well."""
    _append(tmp_path, 1)
    for kinds in ((), _NEW):
        with monkeypatch.context() as later:
            _with_kinds_added(later, *kinds)
            _with_field_moved(later)
            _become_this_version(later)
            with pytest.raises(JournalDamaged, match="not a journal segment of this version"):
                SegmentJournal(Directory(tmp_path))


def test_a_kind_that_is_not_listed_as_added_makes_journals_unreadable(monkeypatch):
    """So that `test_layouts_are_a_file_format` fails for whoever forgets it, and not a start after an upgrade."""
    before = digest_of_layouts()
    monkeypatch.setattr(layouts, "LAYOUT_OF", LAYOUT_OF | {_NEW[0]: LAYOUT_OF[Kind.SET_ACCOUNT]})
    assert before not in {digest_of_layouts(), *digests_of_versions_before()}


def test_names_of_fields_are_no_part_of_the_digest(monkeypatch):
    """A field that gets another name lies where it lay."""
    before, card = digest_of_layouts(), LAYOUT_OF[Kind.SET_CARD]
    renamed = replace(card, fields=tuple(replace(field, name=f"its_{field.name}") for field in card.fields))
    monkeypatch.setattr(layouts, "LAYOUT_OF", LAYOUT_OF | {Kind.SET_CARD: renamed})
    assert digest_of_layouts() == before


@pytest.mark.parametrize("digest", sorted(SAME_BYTES), ids=bytes.hex)
def test_journals_of_versions_that_hashed_names_are_read(digest, tmp_path, monkeypatch):
    """Up to 2026-11-29. They are not added to, but continued."""
    with monkeypatch.context() as earlier:
        earlier.setattr(segment_header, "_LAYOUTS", digest)
        _append(tmp_path, 1)
    assert digest in next(tmp_path.glob("*.journal")).read_bytes()[: segment_header.SEGMENT_HEADER_BYTES]
    assert _append(tmp_path, 2) == 2
    assert SegmentReader(Directory(tmp_path)).last_sequence == 8
