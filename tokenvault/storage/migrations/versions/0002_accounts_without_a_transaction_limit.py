"""Accounts without a transaction limit. Those that were opened before keep the one that they were given."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To the newer shape."""
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.alter_column("transaction_limit_minor", existing_type=sa.BigInteger(), nullable=True)


def downgrade() -> None:
    """To the older one, where the credit limit stands in for what is missing."""
    op.execute("UPDATE accounts SET transaction_limit_minor = credit_limit_minor WHERE transaction_limit_minor IS NULL")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.alter_column("transaction_limit_minor", existing_type=sa.BigInteger(), nullable=False)
