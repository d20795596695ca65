"""Detects misspelt environment variables that begin with ``TAPWRIGHT_``."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

PREFIX = "TAPWRIGHT_"
_OTHERS = {"URL", "ISO8583"}
_OTHERS_BEGIN = ("TEST_", "SERVICE_", "PORT")
"""The test suite's own, and those that Kubernetes sets for a service of this name."""

_LIKENESS = 0.8
"""How like a setting's name a variable must be to be taken for a misspelt one, 0 to 1."""


def misspelt_settings(environment: Mapping[str, str], settings: Iterable[str]) -> dict[str, str]:
    """Variables that are near a setting and none, each with the variable that was probably meant."""
    known = [name.upper() for name in settings]
    found = {}
    for variable in environment:
        name = variable.upper().removeprefix(PREFIX)
        is_ours = variable.upper().startswith(PREFIX) and name.partition("__")[0] not in known
        if not is_ours or name in _OTHERS or name.startswith(_OTHERS_BEGIN):
            continue
        if near := get_close_matches(name, known, n=1, cutoff=_LIKENESS):
            found[variable] = f"{PREFIX}{near[0]}"
    return found
