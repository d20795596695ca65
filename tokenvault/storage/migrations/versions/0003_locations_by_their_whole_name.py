"""Room for the longest name of where a token's keys are: PostgreSQL refused ``trusted_execution_environment``."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SHORT, _LONG = sa.String(length=24), sa.String(length=32)


def upgrade() -> None:
    """To the newer shape."""
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.alter_column("location", existing_type=_SHORT, type_=_LONG, existing_nullable=False)


def downgrade() -> None:
    """To the older one, which must hold no longer name."""
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.alter_column("location", existing_type=_LONG, type_=_SHORT, existing_nullable=False)
