"""Dialects from XML files of jPOS's generic packager. Its classes are in `jpos_classes`; subfields stay text."""

from dataclasses import dataclass, replace
from xml.parsers import expat

from authz.iso8583.dialects.fields import (
    BEHIND_THE_SECOND,
    FIELDS,
    FIELDS_MAX,
    UNUSED,
    Dialect,
    DialectError,
    FieldSpec,
)
from authz.iso8583.dialects.jpos_classes import REFUSED, FieldClass, field_classes
from authz.iso8583.dialects.text_encodings import CODE_PAGE_1047

_BITMAPS = {"bitmap": "b", "hexadecimal-bitmap": "ascii", "ebcdic-bitmap": CODE_PAGE_1047}
_BITMAP_BYTES = 8
_THIRD_BITMAP_LENGTH = 24
"""Of field 1, where a third bitmap may follow the second."""
_TRACKS = (35, 36)

_Attributes = dict[str, str]


@dataclass(frozen=True)
class _File:
    """An XML file. packager: attributes of the outermost element.  fields: those of its fields, in order."""

    packager: _Attributes
    fields: list[_Attributes]


def dialect_of_packager(name: str, text: str | bytes) -> Dialect:
    """Read a packager. Raises: DialectError naming the field and its class."""
    file = _read(text.encode() if isinstance(text, str) else text)
    _check_settings(file.packager)
    listed = {_number(field): field for field in file.fields}  # as in jPOS, the last of several counts
    if 0 not in listed or 1 not in listed:
        raise DialectError(f"has no isofield with id {0 if 0 not in listed else 1}")
    bitmap_length = _length_of(1, listed[1])
    third_bitmap = _third_bitmap(file.packager, listed, bitmap_length)
    last = FIELDS_MAX if third_bitmap else FIELDS
    specs = {number: _field_spec(number, field) for number, field in listed.items() if number <= last}
    bitmap = specs[1]
    if not _is_bitmap(listed[1]):
        raise DialectError(
            f"field 1: {listed[1].get('class', '')} is not a class for bitmaps, and field 1 must be a bitmap"
        )
    fields = [specs[0], bitmap, *(specs.get(number, UNUSED) for number in range(2, last + 1))]
    header = _whole_number(file.packager.get("headerLength", "0"), "headerLength")
    return Dialect(name, specs[0], bitmap, tuple(fields), header, third_bitmap=third_bitmap)


def _read(text: bytes) -> _File:
    """The elements that matter. Raises: DialectError for what is no packager, and for entities, which can be bombs."""
    packager: list[_Attributes] = []
    fields: list[_Attributes] = []
    path: list[str] = []

    def start(tag: str, attributes: _Attributes) -> None:
        if not path:
            if tag != "isopackager":
                raise DialectError(f"begins with <{tag}>, not <isopackager>")
            packager.append(attributes)
        elif len(path) == 1 and tag in ("isofield", "isofieldpackager"):
            fields.append(attributes)
        path.append(tag)

    def end(_tag: str) -> None:
        path.pop()

    def entity(name: str, *_rest: object) -> None:
        raise DialectError(f"declares the entity {name}: entities are not supported")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.EntityDeclHandler = start, end, entity
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise DialectError(f"is not valid XML: {error}") from None
    return _File(packager[0], fields)


def _check_settings(packager: _Attributes) -> None:
    """Refuse what makes no message of ISO 8583."""
    for name, usual in (("emitBitmap", "true"), ("bitmapField", "1"), ("firstField", "2")):
        if packager.get(name, usual).strip() != usual:
            raise DialectError(f"has {name}={packager[name]!r}: only {usual} can be read")


def _third_bitmap(packager: _Attributes, listed: dict[int, _Attributes], bitmap_length: int) -> int:
    """Where the third bitmap is, see `Dialect`."""
    if "thirdBitmapField" in packager:
        field = _whole_number(packager["thirdBitmapField"], "thirdBitmapField")
        if not (2 <= field <= FIELDS and field in listed and _is_bitmap(listed[field])):
            raise DialectError(f"has thirdBitmapField={packager['thirdBitmapField']!r}, but that field is not a bitmap")
        return field
    if 65 in listed and _is_bitmap(listed[65]):
        return 65
    return BEHIND_THE_SECOND if bitmap_length >= _THIRD_BITMAP_LENGTH else 0


def _is_bitmap(field: _Attributes) -> bool:
    found = field_classes().get(_class_name(field))
    return found is not None and found.content in _BITMAPS


def _class_name(field: _Attributes) -> str:
    return field.get("class", "").strip().rpartition(".")[2]


def _whole_number(text: str, what: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdecimal()):
        raise DialectError(f"{what} is not a number")
    return int(text)


def _number(field: _Attributes) -> int:
    if "id" not in field:
        raise DialectError("a field has no id")
    return _whole_number(field["id"], f"the id {field['id']!r} of a field")


def _length_of(number: int, field: _Attributes) -> int:
    return _whole_number(field.get("length", ""), f"field {number}: its length")


def _field_spec(number: int, field: _Attributes) -> FieldSpec:
    """How a field is written. Raises: DialectError naming it and its class."""
    class_name, name = field.get("class", "").strip(), _class_name(field)
    if name in REFUSED:
        raise DialectError(f"field {number}: {class_name} cannot be read: it {REFUSED[name]}")
    found = field_classes().get(name)
    if found is None:
        raise DialectError(f"field {number}: {class_name} is not a field class of jPOS")
    length = _length_of(number, field)
    if found.length_max is not None:
        length = min(length, found.length_max)
    spec = FieldSpec(field.get("name", ""), "ascii", found.length_encoding, found.length_bytes, length)
    return _with_content(number, spec, found, is_left_padded=field.get("pad", "").strip().lower() == "true")


def _with_content(number: int, spec: FieldSpec, found: FieldClass, *, is_left_padded: bool) -> FieldSpec:
    """A field with its content as its class writes it."""
    digits = "z" if number in _TRACKS else "n"
    match found.content:
        case "bitmap" | "hexadecimal-bitmap" | "ebcdic-bitmap" as content:
            encoding = _BITMAPS[content]
            length = _BITMAP_BYTES if encoding == "b" else 2 * _BITMAP_BYTES
            return replace(spec, data_encoding=encoding, max_length=length, content="b")
        case "latin-1" | "filled-latin-1" as content:
            return replace(spec, data_encoding="latin-1", content="ans", is_filled=content != "latin-1")
        case "ebcdic":
            return replace(spec, data_encoding=CODE_PAGE_1047, content="ans")
        case "digits":
            return replace(spec, content=digits)
        case "ebcdic-digits":
            return replace(spec, data_encoding=CODE_PAGE_1047, content=digits)
        case "packed-0" | "packed-F" | "half-bytes" as content:
            left = "0" if is_left_padded else ""
            right = "" if is_left_padded else "0" if content == "packed-0" else "F"
            holds = "b" if content == "half-bytes" else digits
            return replace(
                spec, data_encoding="b", length_counts="nibbles", left_pad=left, right_pad=right, content=holds
            )
        case "packed-bytes":
            return replace(
                spec, data_encoding="b", max_length=(spec.max_length + 1) // 2, right_pad="F", is_pad_stripped=True,
                content=digits,
            )  # fmt: skip
        case "bytes" | "filled-bytes" as content:
            return replace(spec, data_encoding="b", content="b", is_filled=content != "bytes")
        case "bytes-by-digits":
            return replace(
                spec, data_encoding="b", length_counts="nibbles", max_length=2 * spec.max_length, content="b"
            )
        case "hexadecimal" | "ebcdic-hexadecimal" as content:
            encoding = "ascii" if content == "hexadecimal" else CODE_PAGE_1047
            return replace(spec, data_encoding=encoding, length_counts="pairs", content="b")
        case "amount" | "ebcdic-amount" as content:
            return replace(spec, data_encoding="ascii" if content == "amount" else CODE_PAGE_1047, content="x+n")
        case "packed-amount":
            left = "0" if is_left_padded else ""
            return replace(
                spec, data_encoding="b", length_counts="nibbles", left_pad=left, right_pad="" if left else "0",
                content="x+n", has_sign=True,
            )  # fmt: skip
        case "nothing":
            return replace(spec, max_length=0)
        case _:
            return replace(UNUSED, name=spec.name)
