"""Webhooks of payments: whom an endpoint sees payments as, how far it was told of them, and deliveries of their events.

Endpoints that are there already hear of no payments: whoever added them did not ask for any.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KEY = "ix_webhook_deliveries_payment"
_NAMES = ("payment_sequence", "payment_part", "payment_type", "payment_event")


def upgrade() -> None:
    """To the newer shape."""
    op.add_column("webhook_endpoints", sa.Column("scopes", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("webhook_endpoints", sa.Column("payments_until", sa.String(length=64), nullable=True))
    with op.batch_alter_table("webhook_deliveries") as batch:
        batch.alter_column("event_sequence", existing_type=sa.Integer(), nullable=True)
        batch.add_column(sa.Column("payment_sequence", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("payment_part", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("payment_type", sa.String(length=48), nullable=True))
        batch.add_column(sa.Column("payment_event", sa.JSON(), nullable=True))
    op.create_index(_KEY, "webhook_deliveries", ["endpoint_id", *_NAMES[:3]], unique=True)


def downgrade() -> None:
    """To the older one, in which there are no payments."""
    op.execute("DELETE FROM webhook_deliveries WHERE event_sequence IS NULL")
    op.drop_index(_KEY, "webhook_deliveries")
    with op.batch_alter_table("webhook_deliveries") as batch:
        for name in _NAMES:
            batch.drop_column(name)
        batch.alter_column("event_sequence", existing_type=sa.Integer(), nullable=False)
    for column in ("scopes", "payments_until"):
        op.drop_column("webhook_endpoints", column)
