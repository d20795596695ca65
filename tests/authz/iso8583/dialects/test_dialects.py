"""Dialects as data: those that come along, pyiso8583's, jPOS's; each holds the same message."""

import json
from importlib.resources import files

import iso8583
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.iso8583.dialects.dialect_files import dialect_named, read_dialect
from authz.iso8583.dialects.fields import BUILT_IN, HEADER, Dialect, DialectError, Framing, built_in
from authz.iso8583.dialects.jpos_packager import dialect_of_packager
from authz.iso8583.encoding import codec
from authz.iso8583.encoding.message_authentication import MacKey, is_authentic, mac_field, sealed
from tokenvault.emv.ciphers.mac import aes_cmac, retail_mac, tdes_cbc_mac

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


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_dialect_says_what_it_is(name):
    """For the table in `docs/wire.md`."""
    assert built_in(name).about


def test_what_a_dialect_is_has_the_shape_of_an_entry():
    """Another shape is refused by the entry's name."""
    table = json.loads(files("authz.iso8583").joinpath("dialects/bcd_1987.json").read_text())
    assert Dialect.of("mine", {**table, "about": {}}).about == ""
    with pytest.raises(DialectError, match="entry 'about'"):
        Dialect.of("mine", {**table, "about": "mine"})


@pytest.mark.parametrize("name", ["ascii_hex_1987", "bcd_1987", "ebcdic_1987"])
def test_pyiso8583_reads_them_too(name):
    """Its specs are our tables: the same bytes from both."""
    table = json.loads(files("authz.iso8583").joinpath(f"dialects/{name}.json").read_text())
    ours_only = ("content", "has_sign")
    spec = {key: {part: entry[part] for part in entry if part not in ours_only} for key, entry in table.items()}
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
        ("<isopackager>", "is not valid XML"),
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


def _table(**entries):
    """The packed dialect with some entries changed or added: ``de43={"data_enc": "utf-8"}``."""
    table = json.loads(files("authz.iso8583").joinpath("dialects/bcd_1987.json").read_text())
    for name, changes in entries.items():
        number = name.removeprefix("de")
        table[number] = {**table.get(number, table["48"]), **changes} if name.startswith("de") else changes
    return table


_NAME = "Café Zoë Ünïcode".ljust(25) + "København".ljust(13) + "DK"


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp037", "cp500", "cp1047", "utf-8"])
def test_names_outside_ascii(encoding):
    """DE 43 in Latin-1, UTF-8 or an EBCDIC code page, always 40 bytes on the wire and 40 characters when read."""
    dialect = Dialect.of("names", _table(de43={"data_enc": encoding}))
    name = _NAME if encoding != "utf-8" else "Café Zoë".ljust(25) + "Berlin".ljust(15)
    encoded = codec.encode({0: "0100", 43: name}, dialect)
    assert len(encoded) == 2 + 8 + 40
    assert codec.decode(encoded, dialect) == {0: "0100", 43: name}
    assert encoded[10:14] == "Café".encode(encoding)[:4]


@given(st.text("aé€ ß", max_size=12), st.text("aé ß", min_size=8, max_size=8), st.sampled_from(["utf-8", "latin-1"]))
def test_text_outside_ascii_against_pyiso8583(variable, fixed, encoding):
    """The same bytes from both, wherever both can write a text: lengths in front count bytes, fixed fields are full."""
    entries = {"de48": {"data_enc": encoding}, "de41": {"data_enc": encoding, "max_len": len(fixed.encode(encoding))}}
    table = {key: value for key, value in _table(**entries).items() if key in ("h", "t", "p", "1", "41", "48")}
    spec = {key: {part: entry[part] for part in entry if part != "content"} for key, entry in table.items()}
    texts = {48: variable.replace("€", "ß"), 41: fixed}
    theirs, _ = iso8583.encode({"t": "0100", "48": texts[48], "41": texts[41]}, spec)
    dialect = Dialect.of("names", _table(**entries))
    assert codec.encode({0: "0100", **texts}, dialect) == bytes(theirs)
    read = codec.decode(bytes(theirs), dialect)
    assert (read[48], read[41].rstrip()) == (texts[48], fixed.rstrip())


def test_names_that_do_not_fit():
    """Characters that the encoding lacks, bytes that are no character, and too many bytes: each names the field."""
    utf_8 = Dialect.of("names", _table(de43={"data_enc": "utf-8"}))
    latin = Dialect.of("names", _table(de43={"data_enc": "latin-1"}))
    for dialect, name in ((latin, "Łódź".ljust(40)), (utf_8, "é" * 40), (utf_8, "é".ljust(39) + "x")):
        with pytest.raises(codec.MessageError) as refused:
            codec.encode({0: "0100", 43: name}, dialect)
        assert refused.value.field == 43
    encoded = codec.encode({0: "0100", 43: "x" * 40}, utf_8)
    with pytest.raises(codec.MessageError, match=r"field 43, at byte 10, is not utf-8"):
        codec.decode(encoded[:-1] + b"\xc3", utf_8)


@given(st.text(max_size=12), st.sampled_from(["bytes", "characters"]))
def test_lengths_in_bytes_or_characters(text, counted):
    """A length in front of UTF-8 counts bytes, or characters where the table says so."""
    entry = {"data_enc": "utf-8", "len_enc": "ascii", "len_type": 3, "len_count": counted}
    dialect = Dialect.of("names", _table(de48=entry))
    encoded = codec.encode({0: "0100", 48: text}, dialect)
    assert int(encoded[10:13]) == (len(text.encode()) if counted == "bytes" else len(text))
    assert codec.decode(encoded, dialect) == {0: "0100", 48: text}
    if text:
        with pytest.raises(codec.MessageError, match="field 48"):
            codec.decode(encoded[:-1], dialect)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, b"D" + bytes.fromhex("00000125")),
        ({"sign_enc": "cp500"}, bytes.fromhex("C4" + "00000125")),
        ({"has_sign": False, "data_enc": "ascii", "len_count": "bytes"}, b"D00000125"),
        ({"has_sign": False, "data_enc": "cp037", "len_count": "bytes"}, "D00000125".encode("cp037")),
    ],
)
def test_signed_amounts(entry, expected):
    """DE 28 to 31 (x+n 8): the sign as a byte of the dialect's, the digits packed or text."""
    dialect = Dialect.of("fees", _table(**{f"de{number}": entry for number in (28, 29, 30, 31)}))
    for number in (28, 29, 30, 31):
        message = {0: "0100", number: "D00000125"}
        encoded = codec.encode(message, dialect)
        assert encoded[10:] == expected
        assert codec.decode(encoded, dialect) == message


def test_signs_are_c_or_d():
    """Anything else is refused by field, written or read."""
    dialect = built_in("bcd_1987")
    with pytest.raises(codec.MessageError, match=r"field 28 .*C or D"):
        codec.encode({0: "0100", 28: "+00000125"}, dialect)
    encoded = codec.encode({0: "0100", 28: "C00000125"}, dialect)
    for sign in (b"X", b"\xff"):
        with pytest.raises(codec.MessageError, match="field 28"):
            codec.decode(encoded[:10] + sign + encoded[11:], dialect)


@pytest.mark.parametrize("place", [None, 65, 61])
def test_a_third_bitmap(place):
    """Fields 129 to 192: announced by bit 65 and behind the second bitmap, or in the field that the table names."""
    extra = (
        {} if place is None else {"third_bitmap": place, f"de{place}": {"data_enc": "b", "len_type": 0, "max_len": 8}}
    )
    table = _table(de130={}, de192={"data_enc": "b", "len_type": 0, "max_len": 8}, **extra)
    dialect = Dialect.of("third", table)
    key = MacKey("aes", bytes(16))
    for message in ({0: "0100", 11: "000001"}, {0: "0100", 11: "000001", 130: "HI"}, {0: "0100", 70: "301", 130: "A"}):
        encoded = codec.encode(message, dialect)
        assert codec.decode(encoded, dialect) == message
        whole = sealed(message, dialect, key) if 130 in message else message
        assert (192 in whole) == (130 in message)
        encoded = codec.encode(whole, dialect)
        assert codec.decode(encoded, dialect) == whole
        assert 130 not in message or is_authentic(whole, encoded, dialect, key)
    with pytest.raises(codec.MessageError, match=r"field 131 .*is not in the dialect"):
        codec.encode({0: "0100", 131: "A"}, dialect)
    with pytest.raises(codec.MessageError, match="2 to 192"):
        codec.encode({0: "0100", 193: "A"}, dialect)
    if place is None:
        assert (
            codec.encode({0: "0100", 130: "A"}, dialect)[2:26].hex() == "8" + "0" * 15 + "8" + "0" * 15 + "4" + "0" * 15
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"de43": {"len_count": "grams"}}, "43"),
        ({"de52": {"len_count": "characters"}}, "52"),
        ({"de28": {"sign_enc": "klingon"}}, "28"),
        ({"de130": {}, "third_bitmap": 200}, "third_bitmap"),
        ({"de130": {}, "third_bitmap": "65"}, "third_bitmap"),
        ({"de130": {"data_enc": "klingon"}}, "130"),
        ({"de130": {}, "third_bitmap": 61}, "61"),
    ],
)
def test_tables_that_make_no_sense(change, message):
    """Are refused by the entry."""
    with pytest.raises(DialectError, match=message):
        Dialect.of("broken", _table(**change))


def test_code_page_1047():
    """Differs from code page 37 in brackets, circumflex and line ends; every byte is a character."""
    assert "[]^\n".encode("cp1047").hex() == "adbd5f15"
    assert bytes(range(256)).decode("cp1047").encode("cp1047") == bytes(range(256))
    assert "A1".encode("ibm1047") == "A1".encode("cp037")


def test_json_that_is_nested_too_deeply(tmp_path):
    """Is refused like any other table that cannot be read."""
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with pytest.raises(DialectError, match=r"deep\.json"):
        read_dialect(tmp_path / "deep.json")
