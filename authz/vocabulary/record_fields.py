"""How records are described: the fields of one, and the NumPy type that they make.

Padding is never copied and never zeroed. With it, equal rows would differ in bytes, and a journal would carry whatever
memory held before; so no record has any. Where a record leaves bytes unused, they are a field of their own.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Bits(Container[int]):
    """The values that have no other bits than these."""

    mask: int

    def __contains__(self, value: object) -> bool:
        """Whether a number has no other bits."""
        return isinstance(value, int) and value & ~self.mask == 0


def bits_of(flags: Iterable[int]) -> Bits:
    """Any of these flags together, each a bit of its own."""
    mask = 0
    for flag in flags:
        mask |= flag
    return Bits(mask)


@dataclass(frozen=True)
class Field:
    """A field of a record.

    form: NumPy's name of its type, such as ``i8`` or ``S12``.  offset: in bytes from the start of the record.
    meaning: one sentence for the documentation.  values: what is defined; None where every value is.
    """

    name: str
    form: str
    offset: int
    meaning: str
    values: Container[int] | None = None

    @property
    def end(self) -> int:
        """Where the next field may begin."""
        return self.offset + np.dtype(self.form).itemsize


def laid_out(fields: Sequence[Field], size: int) -> np.dtype[np.void]:
    """An aligned record of a size with each field at its offset; the bytes between them are named ``unused_OFFSET``.

    Raises: AssertionError where two fields overlap or one ends behind the record; ValueError where one is not aligned.
    """
    placed: list[Field] = []
    end = 0
    for field in sorted(fields, key=lambda each: each.offset):
        assert field.offset >= end, f"{field.name} overlaps the field before it"
        placed += [*_unused(end, field.offset), field]
        end = field.end
    assert end <= size, f"{placed[-1].name} ends behind the record"
    placed += _unused(end, size)
    return np.dtype(
        {
            "names": [field.name for field in placed],
            "formats": [field.form for field in placed],
            "offsets": [field.offset for field in placed],
            "itemsize": size,
        },
        align=True,
    )


def _unused(start: int, end: int) -> list[Field]:
    """Bytes that a record leaves unused, as text: NumPy and Numba copy it whole."""
    return [Field(f"unused_{start}", f"S{end - start}", start, "Not used.")] if end > start else []
