"""Messages for tests of the compiled reading and writing: one good tap, with changes."""

import numpy as np

from authz.iso8583.chip.chip_data import SIGNED_BYTES_MAX, new_tags
from authz.iso8583.chip.signed_data import Calendar, DateTolerances
from authz.iso8583.dialects.fields import built_in
from authz.iso8583.encoding import codec
from authz.iso8583.encoding.scan import new_places, scan_table
from authz.iso8583.messages.reading import format_error_of, read_transactions
from authz.vocabulary.commands import COMMAND_BYTES
from authz.vocabulary.layouts import new_messages
from tests.clock import ManualClock

TABLE = scan_table(built_in())
CHIP = {
    "9F02": "000000001250", "9F03": "000000000000", "9F1A": "0276", "95": "0000000000", "5F2A": "0978", "9A": "261124",
    "9C": "00", "9F37": "01020304", "82": "1980", "9F36": "0007", "9F10": "06010103A40000", "9F26": "1122334455667788",
    "9F27": "80",
}  # fmt: skip
PAN = "9999501000000017"
TAP = {
    0: "0100", 3: "000000", 4: "000000001250", 7: "1124120000", 11: "000042", 18: "5814", 19: "276", 22: "071",
    23: "001", 32: "12345", 35: f"{PAN}=29122010", 37: "REF000000042", 41: "TERM0001", 42: "CAFE00000000001", 49: "978",
}  # fmt: skip


def chip(**changes):
    """DE 55 of a good tap, with changed tags (a name with an underscore in front); None leaves one out."""
    tags = CHIP | {tag.removeprefix("_"): value for tag, value in changes.items()}
    return "".join(f"{tag}{len(value) // 2:02X}{value}" for tag, value in tags.items() if value is not None)


def message(**changes):
    """The good tap with changed fields (``de55``, ...); None leaves one out."""
    changed = TAP | {int(name.removeprefix("de")): value for name, value in changes.items()}
    return {number: value for number, value in changed.items() if value is not None}


def framed(*messages):
    """Messages one after the other as bytes, and where each begins and ends."""
    encoded = [codec.encode(each, built_in()) for each in messages]
    ends = np.cumsum([len(each) for each in encoded])
    frames = np.array([(end - len(each), end) for each, end in zip(encoded, ends, strict=True)], np.int32)
    return np.frombuffer(b"".join(encoded), np.uint8), frames


def read(*messages):
    """Problems as in DE 44 ("" for none), commands, signed bytes, cryptograms and online flags of messages."""
    buffer, frames = framed(*messages)
    count = len(messages)
    commands, problems = new_messages(count), np.zeros(count, np.int32)
    signed, arqcs = np.zeros((count, SIGNED_BYTES_MAX), np.uint8), np.zeros((count, 8), np.uint8)
    online = np.zeros(count, np.uint8)
    rows = commands.view(np.uint8).reshape(count, COMMAND_BYTES)
    around = Calendar(DateTolerances(), (ManualClock(),)).now()
    read_transactions(
        buffer, frames, TABLE, new_places(), new_tags(), commands, rows, signed, arqcs, online, problems, around
    )
    words = ["" if each == 0 else "other" if each < 0 else _words(int(each)) for each in problems]
    return words, commands, signed, arqcs, online


def _words(problem):
    return format_error_of(problem).additional_response_data


def command_of(**changes):
    """The command of a good message."""
    words, commands, *_ = read(message(**changes))
    assert words == [""]
    return commands[0]


def problem_of(**changes):
    """What is wrong with a message."""
    return read(message(**changes))[0][0]
