"""Identifiers of postings: the decision's number, and the part where it is not the first."""

import pytest
import sqlalchemy as sa

from authz.history.history_file import open_history
from authz.history.history_rows import RowQuery, metadata, newest, postings
from authz.history.posting_ids import posting_id, posting_key
from tokenvault.vocabulary.errors import NotFound


@pytest.mark.parametrize(
    ("key", "text"),
    [((42, 0), "txn_000000000001A"), ((42, 1), "txn_000000000001A.1"), ((1, 17), "txn_0000000000001.17")],
)
def test_there_and_back(key, text):
    """The first part is named as its decision is."""
    assert posting_id(*key) == text
    assert posting_key(text) == key


@pytest.mark.parametrize("end", [".", ".0", ".01", ".-1", ".x", ".1.1", ".\u0661", ".1234567890"])
def test_what_names_no_part(end):
    """It is refused, with an example of one that does."""
    with pytest.raises(NotFound, match="is not the identifier of a posting"):
        posting_key(f"txn_000000000001A{end}")


def test_pages_end_between_the_parts_of_a_decision(tmp_path):
    """Each posting is listed once, however small the pages are."""
    database = open_history(tmp_path / "history.db")
    metadata.create_all(database)
    row = {
        "time_us": 0,
        "kind": "purchase",
        "account_id": 7,
        "amount_minor": 1,
        "currency": "EUR",
        "posted_minor": 1,
        "day": "2026-11-24",
    }
    row |= {
        "merchant": "",
        "merchant_name": "",
        "merchant_city": "",
        "merchant_category": "5814",
        "payment": 1,
        "at": 1,
    }
    keys = [(1, 0), (2, 0), (2, 1), (2, 2), (3, 0)]
    with database.begin() as connection:
        rows = [row | {"sequence": sequence, "part": part} for sequence, part in keys]
        connection.execute(sa.insert(postings), rows)
    seen, before, has_more = [], None, True
    while has_more:
        page, has_more = newest(database, postings, RowQuery({}, before=before, limit=1))
        before = page[0]["sequence"], page[0]["part"]
        seen.append(before)
    assert seen == keys[::-1]
    database.dispose()
