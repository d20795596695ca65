"""Products of accounts, and the days of their cuts.

Accounts that are there already have no product. The column keeps that as its default: SQLite could take it away only
by making the table anew, under the rows that refer to it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To the newer shape."""
    op.add_column("accounts", sa.Column("product", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("accounts", sa.Column("cut_day", sa.Integer(), nullable=True))


def downgrade() -> None:
    """To the older one, in which no account has a product."""
    op.drop_column("accounts", "cut_day")
    op.drop_column("accounts", "product")
