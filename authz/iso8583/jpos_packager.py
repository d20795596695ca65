"""Dialects from XML files of jPOS's generic packager.

A class name says how a field is written: IFA is ASCII, IFE EBCDIC, IFB packed or binary; then the length in front, by
its digits (LL, LLL; with H a binary number), then what the field holds. Subfields are left as text.
"""

import re
from xml.etree import ElementTree

from authz.iso8583.fields import FIELDS, Dialect, DialectError, FieldSpec

_CLASS = re.compile(
    r"(?:.*\.)?IF(?P<family>A|E|EP|B|EB|EM)?_(?P<final>FINAL_)?(?P<length>L{0,4})(?P<hex>H?)(?P<holds>[A-Z]+)"
)
_TEXT = {"A": "ascii", "E": "cp500", "EP": "cp500", "EB": "cp500", "EM": "cp500", "B": "ascii", None: "ascii"}
_DIGITS = ("NUMERIC", "NUM")
_CHARACTERS = ("CHAR", "NOPAD", "AMOUNT")
_BYTES = ("BINARY",)


def dialect_of_packager(name: str, text: str) -> Dialect:
    """Read a packager. Raises: DialectError naming the field."""
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - as above
    except ElementTree.ParseError as error:
        raise DialectError(f"is no XML: {error}") from None
    if root.tag != "isopackager":
        raise DialectError(f"begins with <{root.tag}>, not <isopackager>")
    specs = {}
    for element in root:
        if element.tag in ("isofield", "isofieldpackager"):
            number = element.get("id", "")
            if not number.isdecimal() or int(number) > FIELDS:
                continue  # what jPOS keeps beside the message
            specs[int(number)] = _field_spec(int(number), element)
    missing = [number for number in range(2) if number not in specs]
    if missing:
        raise DialectError(f"has no isofield with id {missing[0]}")
    bitmap = specs[1]
    each = FieldSpec("Bitmap", bitmap.data_encoding, "ascii", 0, 8 if bitmap.is_binary else 16)
    unused = FieldSpec("Unused", "ascii", "ascii", 3, 999)
    fields = [specs[0], each, *(specs.get(number, unused) for number in range(2, FIELDS + 1))]
    return Dialect(name, specs[0], each, tuple(fields), int(root.get("headerLength", "0")))


def _field_spec(number: int, element: ElementTree.Element) -> FieldSpec:
    class_name, title = element.get("class", ""), element.get("name", "")
    try:
        length = int(element.get("length", ""))
    except ValueError:
        raise DialectError(f"field {number}: its length is no number") from None
    simple = class_name.rpartition(".")[2]
    if simple.endswith("BITMAP"):
        return FieldSpec(title, "b" if simple.startswith("IFB") else _TEXT[simple[2:-7] or None], "ascii", 0, length)
    found = _CLASS.fullmatch(simple)
    if found is None or found["holds"] not in (*_DIGITS, *_CHARACTERS, *_BYTES):
        raise DialectError(f"field {number}: {class_name} is a class that cannot be read")
    family, holds = found["family"], found["holds"]
    digits, is_packed = len(found["length"]), family == "B"
    text = _TEXT[family]
    length_encoding, length_bytes = text, digits
    if digits and found["hex"]:
        length_encoding, length_bytes = "b", (digits + 1) // 2
    elif digits and is_packed:
        length_encoding, length_bytes = "bcd", (digits + 1) // 2
    if holds in _BYTES:
        if family in ("A", "E") and not digits:  # hexadecimal text, two characters a byte
            return FieldSpec(title, text, length_encoding, length_bytes, 2 * length, content="b")
        return FieldSpec(title, "b", length_encoding, length_bytes, length, content="b")
    packs_digits = (is_packed and holds in _DIGITS) or (family == "EB" and holds in _DIGITS)
    if packs_digits:
        left = "" if element.get("pad") == "false" and digits else "0"
        return FieldSpec(
            title, "b", length_encoding, length_bytes, length, True, left, "" if left else "0", content="n"
        )
    if holds == "AMOUNT" and is_packed:
        return FieldSpec(title, "b", "ascii", 0, length, True, "0", content="x+n", has_sign=True)
    return FieldSpec(title, text, length_encoding, length_bytes, length, content="n" if holds in _DIGITS else "ans")
