"""Record layouts of commands in journals of earlier versions, by their segment header.

A journal of one of these can be converted, see `journal_upgrade`, or is read as it is. Whoever moves or widens a field
in `vocabulary.layouts` adds what the layout was before. Whoever adds a field where a kind has left bytes unused, which
are zero in what was written before, lists it in `layout_digests.FIELDS_ADDED`, and whoever adds a kind of command in
`layout_digests.KINDS_ADDED`. Neither has to add anything here, but for a field of messages: stand-in's stored messages
in checkpoints have a digest of their own, see `SAME_MESSAGES`.
"""

import hashlib
from typing import Any

import numpy as np

_FIRST: list[tuple[str, str]] = [
    ("time_us", "i8"),
    ("outbox_sequence", "u8"),
    ("account_id", "u8"),
    ("card_id", "u8"),
    ("token_id", "u8"),
    ("token_pan", "u8"),
    ("amount_minor", "i8"),
    ("signed_amount_minor", "i8"),
    ("cash_minor", "i8"),
    ("replacement_minor", "i8"),
    ("acquirer", "u8"),
    ("original_acquirer", "u8"),
    ("merchant_key", "u8"),
    ("reference", "i8"),
    ("limit_minor", "i8"),
    ("transaction_limit_minor", "i8"),
    ("token_requestor", "u8"),
    ("token_created", "u4"),
    ("device_created", "u4"),
    ("channels", "u4"),
    ("latitude", "i4"),
    ("longitude", "i4"),
    ("stan", "u4"),
    ("transmitted", "u4"),
    ("original_stan", "u4"),
    ("original_transmitted", "u4"),
    ("retrieval_reference", "S12"),
    ("terminal", "S8"),
    ("merchant", "S15"),
    ("kind", "u1"),
    ("atc", "u2"),
    ("currency", "u2"),
    ("signed_currency", "u2"),
    ("country", "u2"),
    ("merchant_category", "u2"),
    ("entry_mode", "u2"),
    ("pan_sequence_number", "u2"),
    ("expiry", "u2"),
    ("original_type", "u2"),
    ("state", "u2"),
    ("segment", "u2"),
    ("flags", "u2"),
    ("operation", "u1"),
    ("channel", "u1"),
    ("cardholder_verification", "u1"),
    ("cryptogram_outcome", "u1"),
    ("cryptogram_version", "u1"),
    ("key_index", "u1"),
    ("device_risk", "u1"),
    ("payment_account_reference", "S29"),
    ("limited_use_key", "u4"),
]
"""Up to the version that widened the flags and added the signed date: 272 bytes."""


_BEFORE_MARKS: list[tuple[str, str]] = [
    ("time_us", "i8"),
    ("outbox_sequence", "u8"),
    ("account_id", "u8"),
    ("card_id", "u8"),
    ("token_id", "u8"),
    ("token_pan", "u8"),
    ("amount_minor", "i8"),
    ("signed_amount_minor", "i8"),
    ("cash_minor", "i8"),
    ("replacement_minor", "i8"),
    ("acquirer", "u8"),
    ("original_acquirer", "u8"),
    ("merchant_key", "u8"),
    ("reference", "i8"),
    ("limit_minor", "i8"),
    ("transaction_limit_minor", "i8"),
    ("token_requestor", "u8"),
    ("token_created", "u4"),
    ("device_created", "u4"),
    ("channels", "u4"),
    ("latitude", "i4"),
    ("longitude", "i4"),
    ("stan", "u4"),
    ("transmitted", "u4"),
    ("original_stan", "u4"),
    ("original_transmitted", "u4"),
    ("flags", "u4"),
    ("signed_date", "u4"),
    ("retrieval_reference", "S12"),
    ("terminal", "S8"),
    ("merchant", "S15"),
    ("kind", "u1"),
    ("atc", "u2"),
    ("currency", "u2"),
    ("signed_currency", "u2"),
    ("country", "u2"),
    ("acceptor_country", "u2"),
    ("merchant_category", "u2"),
    ("entry_mode", "u2"),
    ("pan_sequence_number", "u2"),
    ("expiry", "u2"),
    ("original_type", "u2"),
    ("state", "u2"),
    ("segment", "u2"),
    ("operation", "u1"),
    ("channel", "u1"),
    ("cardholder_verification", "u1"),
    ("cryptogram_outcome", "u1"),
    ("cryptogram_version", "u1"),
    ("key_index", "u1"),
    ("device_risk", "u1"),
    ("payment_account_reference", "S29"),
    ("limited_use_key", "u4"),
]
"""Used up to the version whose segments name their network and the segment before: 280 bytes.

Later versions gave each kind of command names of its own for the same bytes.
"""

ONE_FOR_ALL_KINDS = np.dtype(_BEFORE_MARKS, align=True)

EARLIER_MAGIC = b"TAPWRJ03"
"""How every segment of those versions begins; the digest of its layout follows, and then its records."""


def digest_of(layout: np.dtype[Any]) -> bytes:
    """The digest of a layout of records: eight bytes in the header of each earlier segment, and in checkpoints."""
    return hashlib.sha256(repr(layout.descr).encode()).digest()[:8]


SAME_MESSAGES = frozenset(
    {digest_of(ONE_FOR_ALL_KINDS), bytes.fromhex("fbaabb1059f1ea51"), bytes.fromhex("e73d84305e373708")}
)
"""Digests of stored messages in checkpoints that are read as they are: the names of their fields were a part of the
digest, or they had no merchant's name and city.
"""

EARLIER_LAYOUTS = {
    EARLIER_MAGIC + digest_of(layout): layout
    for layout in (np.dtype(fields, align=True) for fields in (_FIRST, _BEFORE_MARKS))
}
"""Every layout that a journal can be converted from, by the header of its segments."""

SAME_BYTES = frozenset({digest_of(ONE_FOR_ALL_KINDS), bytes.fromhex("62d3544ac99848eb")})
"""Digests of segments whose commands are read as they are: the names of their fields were others or a part of the
digest.
"""

EARLIER_HEADER_BYTES = 16
