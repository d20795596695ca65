"""JSON in one form, so that two texts that say the same are the same (after RFC 8785, with exact numbers)."""

import json
import re
from typing import Any

from tokenvault.errors import FieldError

_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_EXPONENT_DIGITS_MAX = 18


class _Number(str):
    """A number in its one form: sign, digits without zeros at either end, exponent of ten."""


def canonical_json(body: bytes) -> bytes | None:
    """A JSON text in one form, or None for what is no JSON.

    Members sorted, no blanks, text without escapes that it does not need. Numbers are the same where their values are:
    ``10``, ``10.0`` and ``1e1``; unlike in RFC 8785 no digit is lost, so different ones stay different.
    Raises: FieldError for an object that names a member twice (RFC 8259, 4: what it means is anybody's guess), and for
    NaN and Infinity, which Python's parser takes.
    Source: RFC 8785, 3.2.
    """
    try:
        value = json.loads(
            body,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_refused_constant,
            object_pairs_hook=_object,
        )
        return _written(value).encode("utf-8", "surrogatepass")
    except FieldError:
        raise
    except (ValueError, RecursionError):
        return None


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in members:
        if name in found:
            raise FieldError(name, "is given more than once")
        found[name] = value
    return found


def _number(text: str) -> _Number:
    parts = _NUMBER.fullmatch(text)
    assert parts is not None, "the parser knows numbers"
    sign, whole, fraction, exponent = parts[1], parts[2], parts[3] or "", parts[4] or "0"
    if len(exponent.lstrip("+-").lstrip("0")) > _EXPONENT_DIGITS_MAX:
        return _Number(text.lower())  # no value that anybody counts with: the same only where it is written the same
    digits = (whole + fraction).lstrip("0")
    shortest = digits.rstrip("0")
    if not shortest:
        return _Number("0")
    return _Number(f"{sign}{shortest}e{int(exponent) - len(fraction) + len(digits) - len(shortest)}")


def _refused_constant(name: str) -> Any:
    raise FieldError("body", f"{name} is no number in JSON")


def _written(value: Any) -> str:
    match value:
        case dict():
            return "{" + ",".join(f"{_text(name)}:{_written(value[name])}" for name in sorted(value)) + "}"
        case list():
            return "[" + ",".join(map(_written, value)) + "]"
        case _Number():
            return value
        case str():
            return _text(value)
        case _:
            return json.dumps(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
