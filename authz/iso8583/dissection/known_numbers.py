"""Numbers of cards that are known: found wherever else in a message they stand, in whatever way they are written."""

import re
from collections.abc import Iterable, Iterator

from tokenvault.vocabulary.pan import masked

Spans = list[tuple[int, int]]
"""Parts of a message: where each begins, and where it ends, in bytes."""

_EBCDIC = "cp1047"


class KnownNumbers:
    """numbers: digits, each the number of a card."""

    def __init__(self, numbers: Iterable[str]) -> None:
        # The longest first: a shorter number may be a part of it.
        self._numbers = sorted(set(numbers), key=len, reverse=True)

    def __repr__(self) -> str:
        return f"KnownNumbers({len(self._numbers)})"

    def masked_in(self, text: str) -> str:
        """A value of a field, or hexadecimal text, in which every known number is masked."""
        for number in self._numbers:
            text = text.replace(number, masked(number))
            for encoding in ("ascii", _EBCDIC):
                written = number.encode(encoding).hex().upper()
                text = text.replace(written, "*" * len(written))
        return text

    def spans_in(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where known numbers stand in a message: as text in ASCII or EBCDIC, and as packed digits."""
        digits = data.hex()
        for number in self._numbers:
            for encoding in ("ascii", _EBCDIC):
                yield from (found.span() for found in re.finditer(re.escape(number.encode(encoding)), data))
            for found in re.finditer(number, digits):
                yield found.start() // 2, (found.end() + 1) // 2


def hexadecimal_without(data: bytes, hidden: Spans) -> str:
    """A message in hexadecimal, two asterisks in place of each hidden byte."""
    shown = [f"{byte:02X}" for byte in data]
    for start, end in hidden:
        shown[start:end] = ["**"] * len(shown[start:end])
    return "".join(shown)
