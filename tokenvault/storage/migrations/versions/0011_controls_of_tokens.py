"""What cardholders take away from their tokens' domains.

Nobody has taken anything from tokens that are there already.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To the newer shape."""
    op.add_column("tokens", sa.Column("controls", sa.JSON(), nullable=True))


def downgrade() -> None:
    """To the older one, in which a token can be used in all of its domain."""
    op.drop_column("tokens", "controls")
