"""Verifies and dumps a journal, without changing it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from authz.journal.checkpoint import checkpoints, read_checkpoint
from authz.journal.data_directory import JOURNAL, checkpoints_in
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentReader
from authz.journal.records import Batch
from authz.journal.replay import check_made_of
from authz.vocabulary.commands import MESSAGES, Kind
from authz.vocabulary.labels import currency_code, field_text, operation_name
from authz.vocabulary.layouts import LAYOUT_OF, read
from tokenvault.vocabulary.identifiers import Prefix, to_text


@dataclass(frozen=True)
class Verified:
    """What a whole journal holds. checkpoints: the sequence of each."""

    segments: int
    first_sequence: int
    last_sequence: int
    records: int
    checkpoints: list[int]

    def __str__(self) -> str:
        points = ", ".join(map(str, self.checkpoints)) or "none"
        return (
            f"{self.segments} segments, {self.records} records, "
            f"commands {self.first_sequence} to {self.last_sequence}; checkpoints: {points}"
        )


def verify(data_directory: Path) -> Verified:
    """Read every byte of a data directory's journal and checkpoints.

    Raises: JournalDamaged, CheckpointDamaged, ForeignFile.
    """
    reader = SegmentReader(Directory(data_directory / JOURNAL))
    begins_after = reader.begins_after
    first, records, last = None, 0, begins_after
    for batch in reader.read(after=begins_after):
        first = first or batch.sequence
        records += 1
        last = batch.sequence + len(batch.commands) - 1
    disk = checkpoints_in(data_directory)
    for sequence in checkpoints(disk):
        check_made_of(reader, read_checkpoint(disk, sequence))
    return Verified(len(reader.segments()), first or begins_after + 1, last, records, sorted(checkpoints(disk)))


def dump(data_directory: Path, first: int, last: int | None) -> Iterator[str]:
    """Commands as lines of JSON. Token PANs are shown by their last four digits. Raises: JournalDamaged."""
    reader = SegmentReader(Directory(data_directory / JOURNAL))
    for batch in reader.read(after=max(first - 1, reader.begins_after), until=last):
        for place in range(len(batch.commands)):
            yield json.dumps(_as_document(batch, place))


_HIDDEN = {"kind", "time_us", "token_pan", "payment_account_reference", "merchant_key"}
_NAMED = {"account_id": Prefix.ACCOUNT, "card_id": Prefix.CARD, "token_id": Prefix.TOKEN}


def _as_document(batch: Batch, place: int) -> dict[str, object]:
    """One command: the fields of its own layout, without those that it leaves at zero."""
    command = batch.commands[place]
    kind = Kind(command["kind"])
    document: dict[str, object] = {
        "sequence": batch.sequence + place,
        "time": datetime.fromtimestamp(int(command["time_us"]) / 1e6, UTC).isoformat().replace("+00:00", "Z"),
        "kind": kind.name.lower(),
    }
    if command["token_pan"]:
        document["token_last4"] = f"{int(command['token_pan']):04d}"[-4:]
    fields = read(command)
    for name in [field.name for field in LAYOUT_OF[kind].all_fields]:
        value = fields[name]
        if name in _HIDDEN or not value:
            continue
        if name in _NAMED:
            document[name] = to_text(_NAMED[name], int(value))
        elif name in ("currency", "signed_currency"):
            document[name] = currency_code(int(value))
        else:
            document[name] = field_text(value) if isinstance(value, bytes) else int(value)
    if MESSAGES.start <= kind < MESSAGES.stop:
        document["operation"] = operation_name(int(fields["operation"]))
    if batch.attachment:
        document["program"] = json.loads(batch.attachment)
    return document
