"""Owners: each account, device, token requestor, endpoint, API key and event belongs to a tenant.

What is there already belongs to the tenant `default`. The columns keep that as their default: SQLite could take it away
only by making the tables anew, under the rows that refer to them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OWNED = ("accounts", "devices", "token_requestors", "webhook_endpoints", "api_keys")


def _tenant(name: str, *, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.String(length=32), nullable=nullable, server_default="default")


def upgrade() -> None:
    """To the newer shape."""
    for table in _OWNED:
        op.add_column(table, _tenant("tenant"))
    for part in ("issuer", "wallet"):
        op.add_column("events", _tenant(part, nullable=True))
    op.add_column(
        "webhook_endpoints", sa.Column("hears_everything", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("api_keys", sa.Column("lineage", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE api_keys SET lineage = id")


def downgrade() -> None:
    """To the older one, in which everybody sees everything."""
    for table in _OWNED:
        op.drop_column(table, "tenant")
    for table, column in (
        ("events", "issuer"),
        ("events", "wallet"),
        ("webhook_endpoints", "hears_everything"),
        ("api_keys", "lineage"),
    ):
        op.drop_column(table, column)
