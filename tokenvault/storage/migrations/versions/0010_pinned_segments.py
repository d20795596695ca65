"""Accounts that no segment is pinned to, and stages of life.

An account that is in another segment than 0 stays there, as it was told to. The engine classifies all others.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To the newer shape."""
    with op.batch_alter_table("accounts") as batch:
        batch.alter_column("segment", existing_type=sa.Integer(), nullable=True)
        batch.add_column(sa.Column("life_stage", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE accounts SET segment = NULL WHERE segment = 0")


def downgrade() -> None:
    """To the older one, in which each account is in a segment, and no stage of life is known."""
    op.execute("UPDATE accounts SET segment = 0 WHERE segment IS NULL")
    with op.batch_alter_table("accounts") as batch:
        batch.drop_column("life_stage")
        batch.alter_column("segment", existing_type=sa.Integer(), nullable=False)
