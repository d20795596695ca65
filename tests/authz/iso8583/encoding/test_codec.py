"""The generic codec: published messages, `pyiso8583` as an independent peer, and broken input."""

import copy
import json
from importlib.resources import files

import iso8583
import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso8583.specs import default_ascii

from authz.iso8583.dialects.fields import Dialect, DialectError, built_in
from authz.iso8583.encoding import codec
from tests.vector_files import octets, rows

TABLE = json.loads(files("authz.iso8583").joinpath("dialects/ascii_1987.json").read_text())


def _table_for(profile: str) -> dict:
    """The field table that a published message was written in."""
    table = copy.deepcopy(TABLE)
    if profile.startswith(("MTI, bitmap", "ASCII")):
        table["p"] = {**table["p"], "data_enc": "ascii", "max_len": 16}
        table["1"] = {**table["1"], "data_enc": "ascii", "max_len": 16}
        table["128"] = {**table["128"], "data_enc": "ascii", "max_len": 16}
        for number in ("61", "63"):
            table[number]["max_len"] = 999
        for number in ("36",):
            table[number].update(len_type=3)
    if profile.startswith("BCD"):
        table["t"] = {**table["t"], "data_enc": "b", "max_len": 2}
        for key, entry in table.items():
            if key.isdigit() and entry.get("content") == "n":
                nibbles = entry["len_type"] > 0 or entry["max_len"] % 2 == 1
                entry.update(data_enc="b", len_enc="bcd", len_type=(entry["len_type"] + 1) // 2, left_pad="0")
                entry.update({"len_count": "nibbles"} if nibbles else {"max_len": entry["max_len"] // 2})
    return table


@pytest.mark.parametrize("row", rows("iso8583_messages"), ids=lambda row: row["name"])
def test_published_messages(row):
    """Each published message decodes to its fields, encodes back to its bytes, and reads the same elsewhere."""
    table = _table_for(row["profile"])
    dialect = Dialect.of("published", table)
    raw = octets(row, "raw_hex")
    expect = {int(number): value for number, value in row["expect"].items()}
    assert codec.decode(raw, dialect) == expect
    assert codec.encode(expect, dialect) == raw
    if row.get("also_decoded_by"):
        theirs, _ = iso8583.decode(
            raw, spec={k: {x: y for x, y in v.items() if x != "content"} for k, v in table.items()}
        )
        assert {int(k): v for k, v in theirs.items() if k.isdigit() and k != "1"} | {0: theirs["t"]} == expect


def _value(number: int) -> st.SearchStrategy[str]:
    spec = built_in().fields[number]
    length = st.just(spec.max_length) if spec.length_bytes == 0 else st.integers(0, spec.max_length)
    if spec.is_binary:
        return length.flatmap(lambda n: st.binary(min_size=n, max_size=n)).map(lambda data: data.hex().upper())
    if spec.content == "x+n":
        return st.from_regex(rf"[CD][0-9]{{{spec.max_length - 1}}}", fullmatch=True)
    alphabet = "0123456789" if spec.content == "n" else "0123456789ABC xyz"
    return length.flatmap(lambda n: st.text(alphabet, min_size=n, max_size=n))


# For field 65 `pyiso8583` writes no second bitmap.
_NUMBERS = st.lists(st.integers(2, 128).filter(lambda number: number != 65), unique=True, max_size=12)
_MESSAGES = _NUMBERS.flatmap(lambda numbers: st.fixed_dictionaries({n: _value(n) for n in numbers})).map(
    lambda fields: {0: "0100", **fields}
)


@given(_MESSAGES)
def test_round_trip_and_peer(message):
    """Any message reads back as it was written, and an independent codec writes the same bytes."""
    raw = codec.encode(message, built_in())
    assert codec.decode(raw, built_in()) == message
    spec = {key: {name: value for name, value in entry.items() if name != "content"} for key, entry in TABLE.items()}
    document = {"t": "0100", **{str(n): v for n, v in message.items() if n}}
    theirs, _ = iso8583.encode(document, spec)
    assert bytes(theirs) == raw


@given(_MESSAGES, st.data())
def test_cut_off_messages_are_refused(message, data):
    """A message cut off anywhere is refused, and what was read before is kept."""
    raw = codec.encode(message, built_in())
    cut = data.draw(st.integers(0, len(raw) - 1))
    with pytest.raises(codec.MessageError) as refused:
        codec.decode(raw[:cut], built_in())
    assert refused.value.fields.items() <= message.items()


@given(st.binary(max_size=300))
def test_arbitrary_bytes(raw):
    """Arbitrary bytes decode or are refused with a MessageError, nothing else."""
    try:
        codec.decode(raw, built_in())
    except codec.MessageError:
        return


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({0: "0100", 2: "1" * 20}, 2),
        ({0: "0100", 4: "1"}, 4),
        ({0: "0100", 43: "ü" * 40}, 43),
        ({0: "0100", 55: "xyz"}, 55),
        ({0: "01"}, 0),
        ({0: "0100", 129: ""}, 129),
    ],
)
def test_values_that_do_not_fit(message, field):
    """A value that does not fit its field is refused by number, without repeating the value."""
    with pytest.raises(codec.MessageError) as refused:
        codec.encode(message, built_in())
    assert refused.value.field == field


def test_foreign_table_loads():
    """The table that comes with `pyiso8583` is a dialect as it stands."""
    dialect = Dialect.of("default_ascii", default_ascii)
    message = {0: "0200", 2: "1234567890"}
    raw, _ = iso8583.encode({"t": "0200", "2": "1234567890"}, default_ascii)
    assert codec.decode(bytes(raw), dialect) == message


@pytest.mark.parametrize("change", [{"data_enc": "klingon"}, {"len_type": 9}, {"max_len": -1}, {"len_type": "x"}])
def test_broken_tables_are_refused(change):
    """A table entry that makes no sense is refused by name."""
    table = {**TABLE, "11": {**TABLE["11"], **change}}
    with pytest.raises(DialectError, match="11"):
        Dialect.of("broken", table)
