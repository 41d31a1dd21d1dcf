"""What groups of many like profiles say, frozen in each epoch."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("epoch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("crowds", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("epoch", schema=None) as batch_op:
        batch_op.drop_column("crowds")
