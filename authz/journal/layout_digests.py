"""Digests of the layouts of commands, by which a journal of other layouts is recognized."""

import hashlib
from collections.abc import Collection

from authz.vocabulary import layouts
from authz.vocabulary.commands import MESSAGES, Kind

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
    Kind.GIVE_UNITS,
    Kind.REDEEM,
    Kind.ANSWER_CASE,
)
"""Kinds of commands that journals were once written without, in the order in which they were added.

Whoever adds a kind adds it here: a journal of a version before has no such command, and is read as it is.
"""


_MESSAGES_AND_DECISIONS = (*map(Kind, MESSAGES), Kind.ISSUER_DECISION)

FIELDS_ADDED: tuple[frozenset[tuple[Kind, str]], ...] = (
    frozenset((kind, name) for kind in _MESSAGES_AND_DECISIONS for name in ("merchant_name", "merchant_city")),
    frozenset((Kind.SET_ACCOUNT, name) for name in ("product", "cut_day")),
    frozenset((Kind.SET_ACCOUNT, name) for name in ("opened_day", "segment_is", "life_stage")),
)
"""Fields that journals were once written without, those of one version together, in the order in which they were added.

Whoever adds a field to a kind that there was already, in bytes that it had left unused, adds it here: these bytes are
zero in a journal of a version before, which is read as it is.
"""


def digest_of_layouts(without: Collection[Kind] = (), without_fields: Collection[tuple[Kind, str]] = ()) -> bytes:
    """A digest of all layouts: eight bytes in the header of each file, by which other layouts are recognized.

    It follows from where the fields of each kind lie and of which form they are, and not from their names.
    without: kinds that are left out.  without_fields: fields that are, each by its kind and its name.
    """
    lines = sorted(
        f"{kind} {field.offset} {field.form}"
        for kind in layouts.LAYOUT_OF
        if kind not in without
        for field in layouts.LAYOUT_OF[kind].all_fields
        if (kind, field.name) not in without_fields
    )
    return hashlib.sha256("\n".join(lines).encode()).digest()[:8]


def digests_of_versions_before() -> frozenset[bytes]:
    """The digests of journals that were written before one of `KINDS_ADDED` or one of `FIELDS_ADDED`.

    Kinds and fields were added independently of each other, so any number of the one is known with any of the other.
    """
    return frozenset(
        digest_of_layouts(KINDS_ADDED[kinds:], frozenset().union(*FIELDS_ADDED[fields:]))
        for kinds in range(len(KINDS_ADDED) + 1)
        for fields in range(len(FIELDS_ADDED) + 1)
    ) - {digest_of_layouts()}
