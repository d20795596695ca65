"""Suggestions for misspelt words."""

from collections.abc import Iterable
from difflib import get_close_matches

_LIKENESS = 0.6
"""How much of two words must be the same, 0 to 1: a letter lost, doubled or swapped, a hyphen for an underscore."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one, in upper or lower case; None where none is near."""
    by_folded = {each.casefold(): each for each in known}
    near = get_close_matches(word.casefold(), by_folded, n=1, cutoff=_LIKENESS)
    return by_folded[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean amount?``, to be put behind an error; empty where nothing is near."""
    near = nearest(word, known)
    return f"; did you mean {near}?" if near else ""
