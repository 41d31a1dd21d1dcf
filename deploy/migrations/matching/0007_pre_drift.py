"""pre_drift."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("rematch_share", schema=None) as batch_op:
        batch_op.add_column(sa.Column("drift", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("rematch_share", schema=None) as batch_op:
        batch_op.drop_column("drift")
