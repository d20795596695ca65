"""Identifiers of postings: ``txn_...`` with the number of the decision, then ``.1``, ``.2`` ... for its later parts."""

from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text

_PART_DIGITS_MAX = 9


def posting_id(sequence: int, part: int) -> str:
    """The identifier of a posting, from its key: the decision that it belongs to, and its place among that one's."""
    text = to_text(Prefix.TRANSACTION, sequence)
    return f"{text}.{part}" if part else text


def posting_key(text: str) -> tuple[int, int]:
    """The sequence and part that an identifier names. Raises: NotFound, for a text that names nothing."""
    decision, dot, part = text.partition(".")
    is_part = part.isascii() and part.isdigit() and not part.startswith("0") and len(part) <= _PART_DIGITS_MAX
    if dot and not is_part:
        raise NotFound("this is not the identifier of a posting, such as txn_000000000001A.1")
    return to_number(Prefix.TRANSACTION, decision), int(part or 0)
