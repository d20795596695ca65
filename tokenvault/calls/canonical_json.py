"""Canonical JSON for comparing requests by value (after RFC 8785, with exact numbers)."""

import json
import re
from typing import Any

from tokenvault.vocabulary.errors import CallerError, FieldError, Unreadable

_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_EXPONENT_DIGITS_MAX = 18
LEVELS_MAX = 64
"""Of arrays and objects in each other. The deepest document of ours, a program's conditions, may have half as many."""
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_TOO_DEEP = Unreadable(f"the body has more than {LEVELS_MAX} levels of arrays and objects")


class _Number(str):
    """A number in its one form: sign, digits without zeros at either end, exponent of ten."""


def canonical_json(body: bytes) -> bytes | None:
    """A JSON text in one form, or None for what is not valid JSON.

    Members sorted, no blanks, text without escapes that it does not need. Numbers are the same where their values are:
    ``10``, ``10.0`` and ``1e1``; unlike in RFC 8785 no digit is lost, so different ones stay different.
    Raises: FieldError for an object that names a member twice (RFC 8259, 4: what it means is anybody's guess), and for
    NaN and Infinity, which Python's parser takes. Unreadable for more than `LEVELS_MAX` levels (RFC 8259, 9),
    and for text with NUL, which PostgreSQL does not store, or half of a surrogate pair, which no encoding writes (8.2).
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
        return _written(value, LEVELS_MAX).encode()
    except CallerError:
        raise
    except RecursionError:
        raise _TOO_DEEP from None
    except ValueError:
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
    raise FieldError("body", f"{name} is not a valid JSON number")


def _written(value: Any, levels: int) -> str:
    """levels: how many it may still have."""
    if isinstance(value, dict | list) and levels == 0:
        raise _TOO_DEEP
    match value:
        case dict():
            return "{" + ",".join(f"{_text(name)}:{_written(value[name], levels - 1)}" for name in sorted(value)) + "}"
        case list():
            return "[" + ",".join(_written(each, levels - 1) for each in value) + "]"
        case _Number():
            return value
        case str():
            return _text(value)
        case _:
            return json.dumps(value)


def _text(value: str) -> str:
    if _NO_TEXT.search(value):
        raise Unreadable("the body has a string with NUL or an unpaired surrogate")
    return json.dumps(value, ensure_ascii=False)
