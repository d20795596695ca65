"""Packagers of jPOS: every field class there is, at every length; what is refused; XML that means harm."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz.iso8583.dialects.dialect_files import read_dialect
from authz.iso8583.dialects.fields import BEHIND_THE_SECOND, DialectError
from authz.iso8583.dialects.jpos_classes import CONTENTS, REFUSED, field_classes
from authz.iso8583.dialects.jpos_packager import dialect_of_packager
from authz.iso8583.encoding import codec

_DOCTYPE = '<!DOCTYPE isopackager PUBLIC "-//jPOS/jPOS Generic Packager DTD 1.0//EN" "http://jpos.org/dtd/x.dtd">'
_BITMAPS = {name for name, found in field_classes().items() if found.content.endswith("bitmap")}
_DIGITS = {"digits", "ebcdic-digits", "packed-0", "packed-F", "packed-bytes"}
_AMOUNTS = {"amount", "ebcdic-amount", "packed-amount"}
_BYTES = {"bytes", "bytes-by-digits", "hexadecimal", "ebcdic-hexadecimal", "filled-bytes"}


def _field(number, class_name, length, **more):
    attributes = {"id": number, "length": length, "name": f"field {number}", "class": class_name, **more}
    return "<isofield " + " ".join(f'{name}="{value}"' for name, value in attributes.items()) + "/>"


def _packager(*fields, bitmap="IFB_BITMAP", bitmap_length=16, **settings):
    named = "".join(f' {name}="{value}"' for name, value in settings.items())
    first = _field(0, "org.jpos.iso.IFA_NUMERIC", 4) + _field(1, f"org.jpos.iso.{bitmap}", bitmap_length)
    return f'<?xml version="1.0" encoding="UTF-8"?>{_DOCTYPE}<isopackager{named}>{first}{"".join(fields)}</isopackager>'


def _dialect(*fields, **settings):
    return dialect_of_packager("jpos", _packager(*fields, **settings))


def _values(content, length):
    """Values of exactly so many units of what a content is."""
    if content in _DIGITS:
        return st.text("0123456789", min_size=length, max_size=length)
    if content in _AMOUNTS:
        digits = st.text("0123456789", min_size=max(length - 1, 0), max_size=max(length - 1, 0))
        return st.tuples(st.sampled_from("CD"), digits).map("".join)
    if content == "half-bytes":
        return st.text("0123456789ABCDEF", min_size=length, max_size=length)
    if content in _BYTES:
        return st.binary(min_size=length, max_size=length).map(lambda data: data.hex().upper())
    return st.text("ABC xyz 09[]^Ä", min_size=length, max_size=length)


_READ = sorted(name for name, found in field_classes().items() if found.content != "unused" and name not in _BITMAPS)


@pytest.mark.parametrize("name", _READ)
@settings(max_examples=15)
@given(st.data(), st.booleans())
def test_every_class_writes_what_it_reads(name, data, pad):
    """At every length, odd and even, padded on the left or right."""
    found = field_classes()[name]
    length_max = data.draw(st.integers(1, 20))
    if found.length_max is not None:
        length_max = min(length_max, found.length_max)
    dialect = _dialect(_field(48, f"org.jpos.iso.{name}", length_max, pad=str(pad).lower()))
    length = data.draw(st.integers(0, length_max)) if found.length_bytes else length_max
    value = "" if found.content == "nothing" else data.draw(_values(found.content, length))
    message = {0: "0100", 48: value}
    encoded = codec.encode(message, dialect)
    assert codec.decode(encoded, dialect) == message
    with pytest.raises(codec.MessageError):
        codec.decode(encoded + b"\0", dialect)


_FIELDS = [
    ("IFB_NUMERIC", 3, {}, "276", "2760"),
    ("IFB_NUMERIC", 3, {"pad": "false"}, "276", "2760"),
    ("IFB_NUMERIC", 3, {"pad": "true"}, "276", "0276"),
    ("IFB_LLNUM", 19, {}, "999950105560376", "15" + "9999501055603760"),
    ("IFB_LLNUM", 19, {"pad": "true"}, "999950105560376", "15" + "0999950105560376"),
    ("IFB_LLHNUM", 19, {"pad": "true"}, "999950105560376", "0F" + "0999950105560376"),
    ("IFB_FLLNUM", 19, {}, "123", "03" + "123F"),
    ("IFB_FNUMERIC", 3, {}, "123", "123F"),
    ("IFB_HEX", 3, {}, "1AB", "1ABF"),
    ("IFB_AMOUNT", 9, {}, "D00000125", "4400000125"),
    ("IFB_AMOUNT2003", 16, {}, "9782000000001250", "9782000000001250"),
    ("IFB_LLHECHAR", 25, {}, "A1", "02C1F1"),
    ("IFB_LLLHECHAR", 25, {}, "A1", "0002C1F1"),
    ("IFB_LLHEX", 9, {}, "ABCD", "04ABCD"),
    ("IFB_LLHFBINARY", 4, {}, "ABCD", "02ABCD0000"),
    ("IFB_LLLLLLCHAR", 9, {}, "A", "00000141"),
    ("IFA_FLLNUM", 5, {}, "123", "3033" + "3132332020"),
    ("IFA_FLLCHAR", 4, {}, "AB", "3032" + "41422020"),
    ("IFA_LLABINARY", 9, {}, "ABCD", "3032" + "41424344"),
    ("IFA_BINARY", 2, {}, "ABCD", "41424344"),
    ("IFA_LLLLLLBINARY", 999, {}, "AB", "303030303031" + "AB"),
    ("IFE_CHAR", 2, {}, "[]", "ADBD"),
    ("IFE_BINARY", 1, {}, "AB", "C1C2"),
    ("IFEA_LLCHAR", 9, {}, "A", "F0F1" + "41"),
    ("IFAE_LLCHAR", 9, {}, "A", "3031" + "C1"),
    ("IFEB_LLNUM", 19, {}, "123", "F0F2" + "123F"),
    ("IF_CHAR", 2, {}, "Éa", "C961"),
    ("IF_NOP", 0, {}, "", ""),
]


@pytest.mark.parametrize(("name", "length", "more", "value", "expected"), _FIELDS)
def test_the_bytes_of_a_class(name, length, more, value, expected):
    """As jPOS writes them; a missing pad is one that is false, and blanks around a class's name are none of it."""
    for class_name in (f"org.jpos.iso.{name}", f"  org.jpos.iso.{name}\t"):
        dialect = _dialect(_field(48, class_name, length, **more))
        encoded = codec.encode({0: "0100", 48: value}, dialect)
        assert encoded[12:].hex().upper() == expected
        assert codec.decode(encoded, dialect) == {0: "0100", 48: value}


def test_track_2_in_packed_digits():
    """Has a separator that is no digit; both ways of writing it mean the same."""
    dialect = _dialect(_field(35, "org.jpos.iso.IFB_LLNUM", 37))
    assert codec.encode({0: "0100", 35: "9999=29"}, dialect) == codec.encode({0: "0100", 35: "9999D29"}, dialect)


def test_padding_that_holds_a_digit_is_no_padding():
    """A table that pads on the other side than its peer is noticed instead of losing a digit."""
    right, left = (_dialect(_field(2, "org.jpos.iso.IFB_LLNUM", 19, pad=pad)) for pad in ("false", "true"))
    encoded = codec.encode({0: "0100", 2: "999950105560376"}, right)
    with pytest.raises(codec.MessageError, match=r"field 2.*padding"):
        codec.decode(encoded, left)


def test_bitmap_classes():
    """Bytes, and hexadecimal text in two alphabets."""
    for bitmap, encoding in (("IFB_BITMAP", None), ("IFA_BITMAP", "ascii"), ("IFE_BITMAP", "cp1047")):
        dialect = _dialect(_field(70, "org.jpos.iso.IFA_NUMERIC", 3), bitmap=bitmap)
        encoded = codec.encode({0: "0800", 70: "301"}, dialect)
        bits = bytes.fromhex("8000000000000000" + "0400000000000000")
        assert encoded == b"0800" + (bits if encoding is None else bits.hex().upper().encode(encoding)) + b"301"
        assert codec.decode(encoded, dialect) == {0: "0800", 70: "301"}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_classes_that_are_refused(name, tmp_path):
    """In one line that names file, field, class and reason."""
    path = tmp_path / "mine.xml"
    path.write_text(_packager(_field(48, f"org.jpos.iso.{name}", 9)))
    with pytest.raises(DialectError, match=rf"mine\.xml: field 48: org\.jpos\.iso\.{name} cannot be read: it "):
        read_dialect(path)


def test_the_table_is_whole():
    """Every content is explained, and every class is either read or refused."""
    assert {found.content for found in field_classes().values()} == set(CONTENTS)
    assert not REFUSED.keys() & field_classes().keys()
    assert len(REFUSED) + len(field_classes()) > 95


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_packager(_field(48, "com.example.Magic", 9)), "field 48: com.example.Magic is not a field class of jPOS"),
        (_packager(_field(48, "", 9)), "field 48:"),
        (_packager(_field(48, "org.jpos.iso.IF_CHAR", -1)), "field 48: its length is not a number"),
        (_packager(_field(48, "org.jpos.iso.IF_CHAR", "²")), "field 48: its length is not a number"),
        (_packager(_field("x", "org.jpos.iso.IF_CHAR", 1)), "the id 'x' of a field is not a number"),
        (_packager("<isofield/>"), "a field has no id"),
        (_packager(emitBitmap="false"), "emitBitmap"),
        (_packager(bitmapField="0"), "bitmapField"),
        (_packager(headerLength="x"), "headerLength is not a number"),
        (_packager(thirdBitmapField="65"), "thirdBitmapField"),
        (_packager(bitmap="IFA_FLLNUM"), "field 1: org.jpos.iso.IFA_FLLNUM is not a class for bitmaps"),
        ('<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><isopackager>&b;</isopackager>', "declares the entity a"),
        (
            '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><isopackager>&f;</isopackager>',
            "declares the entity f",
        ),
        ('<!DOCTYPE x [<!ENTITY % p SYSTEM "http://x/y">%p;]><isopackager/>', "declares the entity p"),
        ("<isopackager>&nothing;</isopackager>", "is not valid XML"),
        ("", "is not valid XML"),
    ],
)
def test_packagers_that_cannot_be_read(text, message):
    """Are refused with what is wrong; no entity is ever expanded or fetched."""
    with pytest.raises(DialectError, match=re.escape(message)):
        dialect_of_packager("broken", text)


def test_what_packagers_of_jpos_look_like():
    """Subfields, nested ones too, belong to their field; validators, comments, gaps and repeated ids are no trouble."""
    nested = (
        '<isofieldpackager id="43" length="99" name="n" class="org.jpos.iso.IFA_LLLBINARY" emitBitmap="true" '
        'bitmapField="0" packager="org.jpos.iso.packager.GenericSubFieldPackager">'
        '<isofield id="0" length="16" name="b" class="org.jpos.iso.IFB_BITMAP"/>'
        '<isofieldpackager id="2" length="9" name="n" class="org.jpos.iso.IFA_LLCHAR" packager="x">'
        '<isofield id="48" length="2" name="t" class="org.jpos.iso.IFEP_LLCHAR"/></isofieldpackager></isofieldpackager>'
    )
    validated = _field(3, "org.jpos.iso.IFA_NUMERIC", 6)[:-2] + "><isofieldvalidator maxlen='3'/></isofield>"
    again = _field(96, "org.jpos.iso.IFA_LLCHAR", 9) + "<!-- twice -->" + _field(96, "org.jpos.iso.IFA_LLLCHAR", 9)
    dialect = _dialect(nested, validated, again, headerLength="2", maxValidField="128")
    message = {-1: "ABCD", 0: "0100", 3: "000000", 43: "C1C2", 96: "X"}
    encoded = codec.encode(message, dialect)
    assert encoded == bytes.fromhex("ABCD") + b"0100" + encoded[6:22] + b"000000" + b"002\xc1\xc2" + b"001X"
    assert codec.decode(encoded, dialect) == message
    for absent in (4, 128):
        with pytest.raises(codec.MessageError, match=rf"field {absent} .*is not in the dialect"):
            codec.encode({0: "0100", absent: "1"}, dialect)
    with pytest.raises(codec.MessageError, match=r"field 4, .*is not in the dialect"):
        codec.decode(bytes.fromhex("ABCD") + b"0100" + bytes.fromhex("1000000000000000"), dialect)


@pytest.mark.parametrize("third", ["contiguous", "standalone", "named"])
def test_third_bitmaps(third):
    """Behind the second where field 1 has room for it, in field 65 where that is a bitmap, or where the file says."""
    fields = [_field(2, "org.jpos.iso.IFA_LLNUM", 19), _field(130, "org.jpos.iso.IFA_LLCHAR", 9)]
    if third == "contiguous":
        dialect = _dialect(*fields, bitmap_length=24)
    elif third == "standalone":
        dialect = _dialect(*fields, _field(65, "org.jpos.iso.IFA_BITMAPStandalone", 8))
    else:
        dialect = _dialect(*fields, _field(50, "org.jpos.iso.IFB_BITMAP", 8), thirdBitmapField="50")
    assert dialect.third_bitmap == {"contiguous": BEHIND_THE_SECOND, "standalone": 65, "named": 50}[third]
    for message in ({0: "0100", 2: "12"}, {0: "0100", 130: "A"}, {0: "0100", 2: "12", 130: "AB"}):
        encoded = codec.encode(message, dialect)
        assert codec.decode(encoded, dialect) == message
    head = {
        "contiguous": "C00000000000000080000000000000004000000000000000",
        "standalone": "C0000000000000008000000000000000",
        "named": "4000000000004000",
    }[third]
    assert encoded[4:].startswith(bytes.fromhex(head) + b"0212")


def test_encodings_of_the_file(tmp_path):
    """Are those that the XML says."""
    path = tmp_path / "latin.xml"
    text = (
        _packager(_field(48, "org.jpos.iso.IF_CHAR", 1)).replace("UTF-8", "ISO-8859-1").replace("field 48", "Händler")
    )
    path.write_bytes(text.encode("latin-1"))
    assert read_dialect(path).fields[48].name == "Händler"
