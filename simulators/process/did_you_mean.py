"""Suggestions for misspelt words."""

from collections.abc import Iterable
from difflib import get_close_matches

_LIKENESS = 0.6
"""How much of two words must be the same, 0 to 1: a letter lost, doubled or swapped, a hyphen for an underscore."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean amount?``, to be put behind an error; empty where nothing is near."""
    by_folded = {each.casefold(): each for each in known}
    near = get_close_matches(word.casefold(), by_folded, n=1, cutoff=_LIKENESS)
    return f"; did you mean {by_folded[near[0]]}?" if near else ""
