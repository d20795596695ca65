"""Messages for invalid values in scenarios, derived from pydantic's errors."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from authz.vocabulary.attributes import Attribute
from authz.vocabulary.reasons import DECLINES
from simulators.process.did_you_mean import did_you_mean
from simulators.scenarios.file_errors.located_yaml import Mapping, Node, Sequence, Text, is_empty
from simulators.scenarios.staging.cast import Misfit
from tokenvault.reference_data.currencies import CURRENCIES

_QUOTED = re.compile(r"'([^']*)'")
_OFFERED = re.compile(r"none of ([\w, -]+)")
_WHOLE = re.compile(r"-?[0-9]+")
_THOUSANDS = 3
"""Digits behind a comma that are more likely hundreds than decimals."""
_IN_MINOR_UNITS = ("amount_max", "total_max")
_MINOR_UNITS = ": a program's amounts are in minor units, 350 for 3.50 EUR"

_VOCABULARIES: dict[str, Iterable[str]] = {
    "reason": [reason.code for reason in DECLINES],
    "attribute": [attribute.code for attribute in Attribute],
    "currency": CURRENCIES,
}
"""Words of a program's document that its own errors do not list."""


def misfits_of(error: ValidationError, model: type[BaseModel]) -> Iterator[Misfit]:
    """Everything that is wrong, each with its path in what was given, dots between levels."""
    for problem in error.errors():
        # Parts in parentheses name an alternative of the schema, and are not in what was given.
        path = [str(part) for part in problem["loc"] if not str(part).startswith("(")]
        yield ".".join(path), _said(dict(problem), path, model)


def unknown_key(key: str, known: Iterable[str]) -> str:
    """A key that there is not."""
    names = sorted(known)
    return f"there is no such key; there are {', '.join(names) or 'none'}{did_you_mean(key, names)}"


def comma_in_amount(node: Mapping, path: tuple[str, ...]) -> str:
    """The hint about the ``50`` in ``{amount: 3,50}``, which YAML takes for a key of its own; empty for other keys."""
    *above, key = path
    place: Node = node
    for part in above:
        if isinstance(place, Mapping) and part in place.entries:
            place = place.entries[part]
        elif isinstance(place, Sequence) and part.isdecimal() and int(part) < len(place.items):
            place = place.items[int(part)]
    if not isinstance(place, Mapping) or not key.isdecimal() or not is_empty(place.entries.get(key, place)):
        return ""
    names = list(place.entries)
    before = place.entries[names[names.index(key) - 1]] if names.index(key) else None
    if not isinstance(before, Text) or not _WHOLE.fullmatch(before.value):
        return ""
    if names[names.index(key) - 1] in _IN_MINOR_UNITS:
        return f"'{before.value},{key}' is not a whole number{_MINOR_UNITS}"
    if len(key) == _THOUSANDS:
        return f"'{before.value},{key}' is not an amount: thousands stand together; did you mean {before.value}{key}?"
    return f"'{before.value},{key}' is not an amount: decimals stand behind a point; did you mean {before.value}.{key}?"


def _said(problem: dict[str, Any], path: list[str], model: type[BaseModel]) -> str:
    value, context = problem["input"], problem.get("ctx", {})
    match str(problem["type"]):
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return unknown_key(path[-1], _keys_at(model, path[:-1]))
        case "literal_error" | "enum":
            offered = _QUOTED.findall(str(context["expected"]))
            return f"{_shown(value)} is not one of {', '.join(offered)}{_near(value, offered)}"
        case "bool_parsing" | "bool_type":
            return f"{_shown(value)} is neither yes nor no"
        case "int_parsing" | "int_type" | "int_from_float" | "int_parsing_size":
            return f"{_shown(value)} is not a whole number{_MINOR_UNITS if path[-1] in _IN_MINOR_UNITS else ''}"
        case "float_parsing" | "float_type" | "finite_number" | "decimal_parsing" | "decimal_type":
            return f"{_shown(value)} is not a number"
        case "string_type":
            return f"{_shown(value)} is not text"
        case "list_type" | "tuple_type":
            return f"{_shown(value)} is not a list such as [a, b]"
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"{_shown(value)} is not a mapping of keys and values"
        case "string_pattern_mismatch":
            return f"{_shown(value)} has not the form {context['pattern']}"
        case "value_error":
            text = str(problem["msg"]).removeprefix("Value error, ")
            return text if "did you mean" in text else text + _meant(value, text, path)
        case kind if kind.startswith(("greater_than", "less_than")):
            return f"{_shown(value)} is out of range: {str(problem['msg'])[:1].lower()}{str(problem['msg'])[1:]}"
    return f"{_shown(value)}: {problem['msg']}"


def _shown(value: Any) -> str:
    if value is None or value == {}:
        return "what is left empty"
    if isinstance(value, dict | BaseModel):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return repr(value) if isinstance(value, str) else str(value)


def _meant(value: Any, text: str, path: list[str]) -> str:
    """What a word may have been meant for that is wrong in itself."""
    offered = _OFFERED.search(text)
    words = offered[1].split(", ") if offered else _VOCABULARIES.get(path[-1] if path else "", ())
    return _near(value, words)


def _near(value: Any, words: Iterable[str]) -> str:
    return did_you_mean(value, words) if isinstance(value, str) else ""


def _keys_at(model: type[BaseModel], path: list[str]) -> set[str]:
    """The keys that could stand at a path of a model."""
    reached: list[Any] = [model]
    for part in path:
        following = []
        for each in reached:
            for kind in _models_in(each):
                field = _fields(kind).get(part)
                following += [field] if field is not None else []
            if not part.isdecimal():
                continue
            following.append(each)  # an item of a list: what the list is made of was unwrapped with it
        reached = following
    return {name for each in reached for kind in _models_in(each) for name in _fields(kind)}


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in a type: itself, or those that a list, mapping or union is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for part in get_args(annotation):
        yield from _models_in(part)
