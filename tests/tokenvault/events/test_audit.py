"""The audit trail: whatever is done to it, the chain breaks where it was done."""

import pytest
import sqlalchemy as sa

from tests.tokenvault.stories import active_token, new_card
from tokenvault.callers.caller import SYSTEM, Caller, current_caller
from tokenvault.events import audit
from tokenvault.events.audit import AuditTrailBroken, Head
from tokenvault.keys.key_ring import KeyPurpose
from tokenvault.storage import schema

TABLE = schema.audit_entries


@pytest.fixture
def trail(vault):
    """A vault with a dozen entries."""
    active_token(vault)
    new_card(vault)
    return vault


def tamper(vault, statement):
    """Change the table as somebody would who can write the database."""
    with vault.database.begin() as connection:
        connection.execute(statement)


def test_a_whole_trail(trail):
    """It ends in its head, which an earlier head is part of."""
    noted = audit.verify(trail)
    assert Head.parse(str(noted)) == noted
    new_card(trail)
    assert audit.verify(trail, noted).sequence == noted.sequence + 2
    entries = audit.list_entries(trail, limit=3)
    assert [entry.sequence for entry in entries] == [noted.sequence + 2, noted.sequence + 1, noted.sequence]
    assert audit.list_entries(trail, limit=1, before=entries[-1].sequence)[0].sequence == noted.sequence - 1


@pytest.mark.parametrize("column", ["occurred_at", "actor", "action", "resource_id", "reason", "details", "digest"])
def test_every_altered_column_is_noticed(trail, column):
    """Whichever it is, verification names the entry."""
    values = {"occurred_at": 1, "details": {"x": 1}, "digest": bytes(32)}
    tamper(trail, sa.update(TABLE).where(TABLE.c.sequence == 3).values({column: values.get(column, "other")}))
    with pytest.raises(AuditTrailBroken) as broken:
        audit.verify(trail)
    assert broken.value.sequence == 3


def test_a_removed_entry_is_noticed(trail):
    """In the middle by its gap; at the end by whoever has noted the head."""
    noted = audit.verify(trail)
    tamper(trail, sa.delete(TABLE).where(TABLE.c.sequence == noted.sequence))
    assert audit.verify(trail).sequence == noted.sequence - 1
    with pytest.raises(AuditTrailBroken, match="head that was recorded earlier"):
        audit.verify(trail, noted)
    tamper(trail, sa.delete(TABLE).where(TABLE.c.sequence == 2))
    with pytest.raises(AuditTrailBroken, match="entry 2: it is missing"):
        audit.verify(trail)


def test_two_entries_that_were_exchanged(trail):
    """Their digests no longer follow each other."""
    for old, new in ((2, 99), (3, 2), (99, 3)):
        tamper(trail, sa.update(TABLE).where(TABLE.c.sequence == old).values(sequence=new))
    with pytest.raises(AuditTrailBroken):
        audit.verify(trail)


def test_without_the_key_nothing_can_be_forged(trail):
    """A chain that somebody made anew under another key does not verify."""
    trail.keys._keys[KeyPurpose.AUDIT_TRAIL, 1] = bytes(32)
    with pytest.raises(AuditTrailBroken):
        audit.verify(trail)


def test_who_did_it(vault):
    """The caller's name where there is one, the vault itself where not."""
    new_card(vault)
    token = current_caller.set(Caller("key_1", frozenset({"issuer"})))
    new_card(vault)
    current_caller.reset(token)
    actors = [entry.actor for entry in audit.list_entries(vault, limit=10)]
    assert actors == ["key_1", "key_1", SYSTEM, SYSTEM]


@pytest.mark.parametrize("text", ["", "1", "x:00", "1:zz", "1:00"])
def test_what_is_no_head(text):
    """Is refused."""
    with pytest.raises(ValueError, match="NUMBER:DIGEST"):
        Head.parse(text)
