"""What each rematch that the calendar asked for has changed."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("season_rematch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("did", sa.JSON(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("season_rematch", schema=None) as batch_op:
        batch_op.drop_column("did")
