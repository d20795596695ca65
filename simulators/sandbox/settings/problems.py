"""What is wrong with settings, in words. Values are not shown, because they may be secret."""

from collections.abc import Iterable, Mapping
from typing import Any

from simulators.process.did_you_mean import did_you_mean

PORT = "a port is a number from 0 to 65535"

_BOUNDS = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
}


def setting_problem(problem: Mapping[str, Any], known: Iterable[str], flags: Mapping[str, Any]) -> str:
    """What is wrong with a setting, by the flag that gave it, or by its name where a variable or the file did.

    problem: of pydantic.  known: the names of settings.  flags: the values of flags, None where one was not given.
    The keys of a table are left out, because they may be secret.
    """
    if not problem["loc"]:
        return f"settings: {reason(problem)}"
    name = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden" and len(problem["loc"]) == 1:
        return f"setting {name}: there is no such setting{did_you_mean(name, known)}"
    given = flags.get(name)
    if given is None:
        return f"setting {name}: {reason(problem)}"
    return f"--{name.replace('_', '-')}{f' {given}' if isinstance(given, int) else ''}: {reason(problem)}"


def reason(problem: Mapping[str, Any]) -> str:
    """What is wrong with a value, without the value."""
    place, context = problem["loc"], problem.get("ctx", {})
    if place and str(place[-1]).endswith("port") and problem["type"].startswith(("int_", *_BOUNDS)):
        return PORT
    match str(problem["type"]):
        case "missing":
            return f"{place[-1]} is missing"
        case "extra_forbidden":
            return "it has a key that does not exist"
        case "literal_error" | "enum":
            return f"must be {context['expected']}"
        case "bool_parsing" | "bool_type":
            return "must be true or false"
        case "int_parsing" | "int_type" | "int_from_float" | "int_parsing_size":
            return "must be a whole number"
        case "float_parsing" | "float_type" | "finite_number":
            return "must be a number"
        case "string_type":
            return "must be text"
        case "list_type":
            return "must be a list"
        case "dict_type" | "model_type" | "model_attributes_type":
            return "must be a table"
        case "string_pattern_mismatch" if context["pattern"] == "^https?://":
            return "must be a URL such as https://issuer.example"
        case "string_pattern_mismatch":
            return f"must have the form {context['pattern']}"
        case kind if kind in _BOUNDS:
            return f"must be {_BOUNDS[kind].format(**context)}"
    return str(problem["msg"]).removeprefix("Value error, ")
