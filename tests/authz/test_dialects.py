"""Dialects as data: those that come along, pyiso8583's, jPOS's; each holds the same message."""

import json
from importlib.resources import files

import iso8583
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.iso8583 import codec
from authz.iso8583.dialect_files import dialect_named, read_dialect
from authz.iso8583.fields import BUILT_IN, HEADER, Dialect, DialectError, Framing, built_in
from authz.iso8583.jpos_packager import dialect_of_packager
from authz.iso8583.message_authentication import MacKey, is_authentic, mac_field, sealed
from tokenvault.emv.mac import aes_cmac, retail_mac, tdes_cbc_mac

MESSAGE = {
    0: "0100", 2: "9999501000000011", 3: "000000", 4: "000000001250", 7: "1124101500", 11: "000123", 22: "071",
    23: "001", 32: "99900000002", 35: "9999501000000011D29112010", 37: "632810000123", 41: "TERM0001",
    42: "CAFE00000000001", 49: "978", 52: "0123456789ABCDEF", 55: "9F2608112233445566778899", 62: "auth_1",
}  # fmt: skip


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_same_message_in_every_dialect(name):
    """Goes in, comes out, whatever its bytes look like."""
    dialect = built_in(name)
    message = dict(MESSAGE) if not dialect.header_bytes else {HEADER: "00" * dialect.header_bytes, **MESSAGE}
    encoded = codec.encode(message, dialect)
    assert codec.decode(encoded, dialect) == message
    framed = dialect.framing.framed(encoded)
    assert dialect.framing.length(framed[: dialect.framing.length_bytes]) == len(encoded)


@pytest.mark.parametrize("name", ["ascii_hex_1987", "bcd_1987", "ebcdic_1987"])
def test_pyiso8583_reads_them_too(name):
    """Its specs are our tables: the same bytes from both."""
    table = json.loads(files("authz.iso8583").joinpath(f"dialects/{name}.json").read_text())
    spec = {key: {part: value for part, value in entry.items() if part != "content"} for key, entry in table.items()}
    numbers = [number for number in MESSAGE if number not in (0, 2, 23, 35)]
    document = {"t": MESSAGE[0], **{str(number): MESSAGE[number] for number in numbers}}
    theirs, _ = iso8583.encode(document, spec)
    ours = codec.encode({0: MESSAGE[0], **{number: MESSAGE[number] for number in numbers}}, built_in(name))
    assert bytes(theirs) == ours


@given(st.binary(max_size=200), st.sampled_from(sorted(BUILT_IN)))
def test_arbitrary_bytes(raw, name):
    """Decode, or are refused with a MessageError."""
    try:
        codec.decode(raw, built_in(name))
    except codec.MessageError:
        return


def test_a_header_comes_back_and_must_fit():
    """46 bytes in hexadecimal; another length is refused by name."""
    dialect = built_in("unionpay_like")
    header = "2E02" + "30" * 44
    encoded = codec.encode({HEADER: header, 0: "0800", 7: "1124101500"}, dialect)
    assert encoded[:2].hex().upper() == "2E02"
    assert codec.decode(encoded, dialect)[HEADER] == header
    with pytest.raises(codec.MessageError, match="header"):
        codec.encode({HEADER: "00", 0: "0800"}, dialect)
    with pytest.raises(codec.MessageError, match="header"):
        codec.decode(b"123", dialect)


JPOS = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!DOCTYPE isopackager PUBLIC "-//jPOS/jPOS Generic Packager DTD 1.0//EN" "http://jpos.org/dtd/generic-packager-1.0.dtd">
<isopackager>
  <isofield id="0" length="4" name="MESSAGE TYPE INDICATOR" class="org.jpos.iso.IFB_NUMERIC" pad="true"/>
  <isofield id="1" length="16" name="BIT MAP" class="org.jpos.iso.IFB_BITMAP"/>
  <isofield id="2" length="19" name="PAN" pad="false" class="org.jpos.iso.IFB_LLNUM"/>
  <isofield id="3" length="6" name="PROCESSING CODE" pad="true" class="org.jpos.iso.IFB_NUMERIC"/>
  <isofield id="4" length="12" name="AMOUNT" pad="true" class="org.jpos.iso.IFB_NUMERIC"/>
  <isofield id="11" length="6" name="STAN" class="org.jpos.iso.IFA_NUMERIC"/>
  <isofield id="28" length="9" name="FEE" class="org.jpos.iso.IFB_AMOUNT"/>
  <isofield id="37" length="12" name="RRN" class="org.jpos.iso.IFE_CHAR"/>
  <isofield id="41" length="8" name="TERMINAL" class="org.jpos.iso.IF_CHAR"/>
  <isofield id="48" length="999" name="PRIVATE" class="org.jpos.iso.IFA_LLLCHAR"/>
  <isofield id="52" length="8" name="PIN" class="org.jpos.iso.IFA_BINARY"/>
  <isofield id="55" length="255" name="ICC" class="org.jpos.iso.IFB_LLLHBINARY"/>
  <isofieldpackager id="60" length="999" name="SUBFIELDS" class="org.jpos.iso.IFB_LLLCHAR"
     packager="org.jpos.iso.packager.GenericSubFieldPackager">
     <isofield id="0" length="2" name="SUB" class="org.jpos.iso.IFA_NUMERIC"/>
  </isofieldpackager>
  <isofield id="128" length="8" name="MAC" class="org.jpos.iso.IFB_BINARY"/>
</isopackager>"""


def test_a_jpos_packager():
    """Byte for byte what its classes mean."""
    dialect = dialect_of_packager("mine", JPOS)
    message = {
        0: "0200", 2: "999950100000001", 3: "000000", 4: "000000001250", 11: "000123", 28: "D00000125",
        37: "ABC123456789", 41: "TERM0001", 48: "HI", 52: "0123456789ABCDEF", 55: "9F2601AA", 60: "X",
        128: "0011223344556677",
    }  # fmt: skip
    encoded = codec.encode(message, dialect)
    bitmap = "F010000008810018" + "0000000000000001"
    expected = (
        bytes.fromhex("0200" + codec.encode(message, dialect)[2:18].hex())
        + bytes.fromhex("15" + "9999501000000010")
        + bytes.fromhex("000000" + "000000001250")
        + b"000123" + b"D" + bytes.fromhex("00000125") + "ABC123456789".encode("cp500") + b"TERM0001"
        + b"002HI" + b"0123456789ABCDEF" + bytes.fromhex("0004" + "9F2601AA") + bytes.fromhex("0001") + b"X"
        + bytes.fromhex("0011223344556677")
    )  # fmt: skip
    assert len(bitmap) == 32
    assert encoded == expected
    assert codec.decode(encoded, dialect) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<isopackager>", "is no XML"),
        ("<something/>", "not <isopackager>"),
        ("<isopackager/>", "has no isofield with id 0"),
        (JPOS.replace("IFE_CHAR", "IFX_MAGIC"), "field 37: org.jpos.iso.IFX_MAGIC"),
        (JPOS.replace('length="12" name="RRN"', 'length="twelve" name="RRN"'), "field 37: its length"),
    ],
)
def test_packagers_that_cannot_be_read(text, message):
    """What is wrong is named by field."""
    with pytest.raises(DialectError, match=message):
        dialect_of_packager("broken", text)


def test_dialects_in_files(tmp_path):
    """By the ending of their name; errors name the file."""
    (tmp_path / "mine.xml").write_text(JPOS)
    assert read_dialect(tmp_path / "mine.xml").name == "mine"
    table = files("authz.iso8583").joinpath("dialects/bcd_1987.json").read_text()
    (tmp_path / "packed.json").write_text(table)
    assert dialect_named(str(tmp_path / "packed.json")).fields == built_in("bcd_1987").fields
    for name, text in (("list.json", "[]"), ("bad.json", "{"), ("short.json", '{"t": {}}')):
        (tmp_path / name).write_text(text)
        with pytest.raises(DialectError, match=name):
            read_dialect(tmp_path / name)
    with pytest.raises(DialectError, match="No such file"):
        read_dialect(tmp_path / "missing.json")
    with pytest.raises(DialectError, match="there is no dialect klingon"):
        dialect_named("klingon")


@pytest.mark.parametrize("framing", [{"length_bytes": "x"}, {"depth": 1}, {"length_encoding": "klingon"}])
def test_framings_that_make_no_sense(framing):
    """Are refused by name."""
    table = json.loads(files("authz.iso8583").joinpath("dialects/ascii_1987.json").read_text())
    with pytest.raises(DialectError, match="framing"):
        Dialect.of("broken", {**table, "framing": framing})


@pytest.mark.parametrize("framing", [Framing(), Framing(4, "ascii"), Framing(2, "bcd"), Framing(4, "cp500")])
def test_lengths_in_front(framing):
    """Written and read alike."""
    framed = framing.framed(b"x" * 321)
    assert framing.length(framed[: framing.length_bytes]) == 321
    assert framed[framing.length_bytes :] == b"x" * 321


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("algorithm", ["tdes", "tdes_cbc", "aes"])
def test_message_authentication_codes(name, algorithm):
    """Any change is noticed; the code stands in the last field of the bitmaps that are there."""
    dialect, key = built_in(name), MacKey(algorithm, bytes(range(16)))
    message = sealed(MESSAGE, dialect, key)
    assert mac_field(MESSAGE) == 64
    assert mac_field({**MESSAGE, 70: "301"}) == 128
    encoded = codec.encode(message, dialect)
    assert is_authentic(codec.decode(encoded, dialect), encoded, dialect, key)
    changed = {**message, 4: "000000001251"}
    assert not is_authentic(changed, codec.encode(changed, dialect), dialect, key)
    assert not is_authentic(MESSAGE, codec.encode(MESSAGE, dialect), dialect, key)
    other = MacKey(algorithm, bytes(16))
    assert not is_authentic(message, encoded, dialect, other)
    assert "00010203" not in repr(key)


def test_each_algorithm_has_its_code():
    """The code is over everything in front of it: MAC algorithm 3 or 1 of ISO/IEC 9797-1, or the CMAC."""
    key = bytes(range(16))
    for algorithm, function in (("tdes", retail_mac), ("tdes_cbc", tdes_cbc_mac), ("aes", aes_cmac)):
        encoded = codec.encode(sealed(MESSAGE, built_in("ascii_1987"), MacKey(algorithm, key)), built_in("ascii_1987"))
        assert encoded[-8:] == function(key, encoded[:-8])[:8]
