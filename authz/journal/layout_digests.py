"""Digests of the layouts of commands, by which a journal of other layouts is recognized."""

import hashlib
from collections.abc import Collection

from authz.vocabulary import layouts
from authz.vocabulary.commands import Kind

KINDS_ADDED: tuple[Kind, ...] = (
    Kind.EXPIRE_HOLD,
    Kind.PAYMENT,
    Kind.PAYMENT_RETURNED,
    Kind.ADJUST,
    Kind.WAIVE,
    Kind.WRITE_OFF,
    Kind.CLOSE_DAY,
    Kind.RELIEVE,
    Kind.START_PLAN,
    Kind.END_PLAN,
    Kind.RELIEVE_RANGE,
)
"""Kinds of commands that journals were once written without, in the order in which they were added.

Whoever adds a kind adds it here: a journal of a version before has no such command, and is read as it is.
"""


def digest_of_layouts(without: Collection[Kind] = ()) -> bytes:
    """A digest of all layouts: eight bytes in the header of each file, by which other layouts are recognized.

    It follows from where the fields of each kind lie and of which form they are, and not from their names.
    without: kinds that are left out.
    """
    lines = sorted(
        f"{kind} {field.offset} {field.form}"
        for kind in layouts.LAYOUT_OF
        if kind not in without
        for field in layouts.LAYOUT_OF[kind].all_fields
    )
    return hashlib.sha256("\n".join(lines).encode()).digest()[:8]


def digests_before_kinds_were_added() -> frozenset[bytes]:
    """The digests that journals have which were written before one of `KINDS_ADDED`."""
    return frozenset(digest_of_layouts(without=KINDS_ADDED[count:]) for count in range(len(KINDS_ADDED)))
