"""A checkpoint: the complete state after a command, in one file with checksums, renamed into place when complete.

The file holds the arrays one after the other, each from a page boundary; behind them a JSON description, and at the
very end where that begins. Indexes are not written: they follow from the rows.
"""

import hashlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import google_crc32c
import numpy as np
import numpy.typing as npt
import structlog

from authz.journal.disk import Appending, Disk
from authz.journal.earlier_layouts import SAME_MESSAGES, digest_of
from authz.journal.earlier_rows import EARLIER_ROWS, settle, take_over
from authz.journal.marks import Mark
from authz.journal.segment_header import UNNAMED
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, journaled_document
from authz.program.tables import NUMBER_VERSION
from authz.state.stored import STORED_DTYPES, storage_for, stored_arrays, with_stored_arrays
from authz.state.tables import State
from authz.vocabulary.errors import CheckpointDamaged
from authz.vocabulary.layouts import MESSAGE

_SUFFIX = ".checkpoint"
_UNFINISHED = ".unfinished"
_MAGIC = b"TAPWRC01"
_PAGE_BYTES = 4096
_CHUNK_BYTES = 256 * 1024
"""Written and made durable at once: the journal's own syncs, on the same disk, wait for no more than this."""
_TRAILER = struct.Struct("<QII8s")  # where the description begins, its length and CRC-32C, magic

log = structlog.get_logger()


@dataclass(frozen=True)
class Checkpoint:
    """The state after a command, and the document of the program in force (b"" for none).

    network: of the journal that it was made of, 16 bytes.  digest: of that journal up to the command, see `marks`; a
    state that was not read from a file has none.
    """

    sequence: int
    state: State
    document: bytes
    network: bytes = UNNAMED
    digest: bytes = b""


def checkpoints(disk: Disk) -> list[int]:
    """The sequences of all complete checkpoints, the latest first."""
    names = (name for name in disk.names() if name.endswith(_SUFFIX))
    return sorted((int(name.removesuffix(_SUFFIX)) for name in names), reverse=True)


def _name(sequence: int) -> str:
    return f"{sequence:020d}{_SUFFIX}"


def write_checkpoint(disk: Disk, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; it is there when this returns, and not there in part before."""
    unfinished = _name(checkpoint.sequence) + _UNFINISHED
    for name in disk.names():
        if name.endswith(_UNFINISHED):
            disk.remove(name)
    file = disk.create(unfinished)
    try:
        described, position = [], 0
        for name, array in stored_arrays(checkpoint.state).items():
            described.append(_write_array(file, name, array, position))
            position += array.nbytes + _padding(array.nbytes)
        description = json.dumps(
            {
                "network": checkpoint.network.hex(),
                "sequence": checkpoint.sequence,
                "digest": checkpoint.digest.hex(),
                "program_version": int(checkpoint.state.program.numbers[NUMBER_VERSION]),
                "document": checkpoint.document.decode(),
                "arrays": described,
            }
        ).encode()
        file.write(description + _TRAILER.pack(position, len(description), _crc(description), _MAGIC))
        file.sync()
    finally:
        file.close()
    disk.rename(unfinished, _name(checkpoint.sequence))
    disk.sync_names()


def _write_array(file: Appending, name: str, array: npt.NDArray[Any], position: int) -> dict[str, object]:
    content = np.ascontiguousarray(array).view(np.uint8).reshape(-1)
    checksum = 0
    for start in range(0, len(content), _CHUNK_BYTES):
        chunk = content[start : start + _CHUNK_BYTES].tobytes()
        checksum = google_crc32c.extend(checksum, chunk)
        file.write(chunk)
        file.sync()
    file.write(bytes(_padding(array.nbytes)))
    return {
        "name": name,
        "layout": _digest_of_rows(array.dtype).hex(),
        "count": len(array),
        "position": position,
        "bytes": array.nbytes,
        "checksum": checksum,
    }


def _padding(size: int) -> int:
    return -size % _PAGE_BYTES


def _digest_of_rows(dtype: np.dtype[Any]) -> bytes:
    """The digest of how the rows of an array are laid out, eight bytes.

    What stand-in stores are messages as they are in the journal; as there, their fields may get other names, see
    `digest_of_layouts`. In all other tables the names count.
    """
    if dtype != MESSAGE or dtype.fields is None:
        return digest_of(dtype)
    lines = sorted(f"{offset} {form.str}" for form, offset, *_ in dtype.fields.values())
    return hashlib.sha256("\n".join([f"{dtype.itemsize} bytes", *lines]).encode()).digest()[:8]


def _is_read_as(written: str, dtype: np.dtype[Any]) -> bool:
    """Whether rows of a written layout, by its digest, are read as they are."""
    earlier = SAME_MESSAGES if dtype == MESSAGE else frozenset()
    return bytes.fromhex(written) in {_digest_of_rows(dtype), *earlier}


def _crc(data: bytes) -> int:
    return int(google_crc32c.value(data))


def mark_of_checkpoint(disk: Disk, sequence: int) -> tuple[bytes, Mark]:
    """Which network's a checkpoint is, and of which place in its journal. Raises: CheckpointDamaged."""
    with disk.open(_name(sequence)) as file:
        described = _description(disk, sequence, file)
    return bytes.fromhex(described["network"]), Mark(sequence, bytes.fromhex(described["digest"]))


def read_checkpoint(disk: Disk, sequence: int) -> Checkpoint:
    """Read one checkpoint. Raises: CheckpointDamaged."""
    path = disk.path(_name(sequence))
    with disk.open(_name(sequence)) as file:
        described = _description(disk, sequence, file)
        document = described["document"].encode()
        program = compiled_program(
            journaled_document(document) if document else ProgramDocument(), described["program_version"]
        )
        arrays, used, converted = {}, {}, {}
        for each in described["arrays"]:
            name = each["name"]
            earlier = EARLIER_ROWS.get(name, {}).get(bytes.fromhex(each["layout"]))
            is_known = name in STORED_DTYPES and (earlier or _is_read_as(each["layout"], STORED_DTYPES[name]))
            if not is_known:
                raise CheckpointDamaged(f"checkpoint {path} is of another version: {name} has another layout")
            arrays[name] = storage_for(name, each["count"])
            used[name] = arrays[name][: each["count"]]
            read = arrays[name] if earlier is None else np.zeros(each["count"], earlier)
            if not _read_into(read.view(np.uint8)[: each["bytes"]], file, each):
                raise CheckpointDamaged(f"checkpoint {path} is damaged: {name}, at byte {each['position']}")
            if earlier is not None:
                take_over(arrays[name], read)
                converted[name] = earlier
    settle(used, converted)
    network, digest = bytes.fromhex(described["network"]), bytes.fromhex(described["digest"])
    return Checkpoint(sequence, with_stored_arrays(arrays, program), document, network, digest)


def _description(disk: Disk, sequence: int, file: BinaryIO) -> dict[str, Any]:
    """The description in a checkpoint. Raises: CheckpointDamaged."""
    path = disk.path(_name(sequence))
    described = _read_description(file, disk.size(_name(sequence)))
    if described is None or described["sequence"] != sequence:
        raise CheckpointDamaged(f"checkpoint {path} is damaged: its description cannot be read")
    if "network" not in described:
        raise CheckpointDamaged(f"checkpoint {path} is of another version: it does not name its network")
    return described


def _read_description(file: BinaryIO, size: int) -> dict[str, Any] | None:
    if size < _TRAILER.size:
        return None
    file.seek(size - _TRAILER.size)
    position, length, checksum, magic = _TRAILER.unpack(file.read(_TRAILER.size))
    if magic != _MAGIC or position + length + _TRAILER.size != size:
        return None
    file.seek(position)
    description = file.read(length)
    if _crc(description) != checksum:
        return None
    found: dict[str, Any] = json.loads(description)
    return found


def _read_into(content: npt.NDArray[np.uint8], file: BinaryIO, described: dict[str, Any]) -> bool:
    """Read the bytes of one array; whether they are what was written."""
    file.seek(described["position"])
    checksum, place = 0, 0
    while place < len(content):
        count = file.readinto(content[place : place + _CHUNK_BYTES].data)  # type: ignore[attr-defined]
        if not count:
            return False
        checksum = google_crc32c.extend(checksum, content[place : place + count].tobytes())
        place += count
    return bool(checksum == described["checksum"])


def intact_checkpoints(disk: Disk, until: int | None = None) -> Iterator[Checkpoint]:
    """Every checkpoint that can be read, the latest first; none after a command. Damaged ones are logged."""
    for sequence in checkpoints(disk):
        if until is not None and sequence > until:
            continue
        try:
            yield read_checkpoint(disk, sequence)
        except CheckpointDamaged as error:
            log.error("checkpoint_passed_over", error=str(error))


def forget_checkpoint(disk: Disk, sequence: int) -> None:
    """Delete one checkpoint."""
    disk.remove(_name(sequence))
    disk.sync_names()


def forget_checkpoints(disk: Disk, before: int) -> None:
    """Delete the checkpoints of commands before a sequence."""
    for sequence in checkpoints(disk):
        if sequence < before:
            disk.remove(_name(sequence))
    disk.sync_names()
