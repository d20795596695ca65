"""Creates terminals of every kind from the keys that scenarios and tests use."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from authz.iso8583.dialects.dialect_files import dialect_named
from simulators.terminals.kinds.catalogue import TERMINAL_KINDS
from simulators.terminals.terminal import Terminal
from tokenvault.vocabulary.errors import FieldError

MERCHANT_WORDS = {
    "merchant": "name",
    "merchant_id": "identifier",
    "category": "category",
    "country": "country",
    "acquirer": "acquirer",
    "position": "position",
}
"""By word: the field of `simulators.parties.merchant.Merchant`."""

CAPABILITY_WORDS = {
    "floor_limit": "floor_limit_minor",
    "unverified_limit": "unverified_limit_minor",
    "partial_approvals": "partial_approvals",
    "timeout": "timeout_seconds",
    "relay_limit": "relay_seconds_max",
}
"""By word: the field of `simulators.terminals.terminal.Capability`."""

TERMINAL_WORDS = {"id": "terminal_id", "tank": "tank_minor", "fare": "fare_minor"}
"""By word: the parameter of the terminal's class."""


def made_terminal(kind: str, address: tuple[str, int], words: Mapping[str, Any]) -> Terminal:
    """A terminal of a kind. words: those above, and parameters of its class; None for what is usual.

    Amounts in minor units, times in seconds. A whole `Merchant`, `Capability` or `Dialect` may stand in place of words.
    Raises: FieldError for a kind that there is not.
    """
    if kind not in TERMINAL_KINDS:
        raise FieldError("kind", f"must be one of {', '.join(TERMINAL_KINDS)}")
    made = TERMINAL_KINDS[kind]
    given = {word: value for word, value in words.items() if value is not None}
    if isinstance(given.get("merchant"), str | None):
        given["merchant"] = replace(made.usual_merchant, **_taken(given, MERCHANT_WORDS))
    capability = given.pop("capability", made.usual_capability)
    given["capability"] = replace(capability, **_taken(given, CAPABILITY_WORDS))
    if isinstance(given.get("dialect"), str):
        given["dialect"] = dialect_named(given["dialect"])
    return made(address, **_taken(given, TERMINAL_WORDS), **given)


def _taken(given: dict[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """Take words out of what was given, under their names in the code."""
    return {words[word]: given.pop(word) for word in tuple(given) if word in words}
