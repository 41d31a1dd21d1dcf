"""pre_learning."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("pair_apart", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parts", sa.JSON(none_as_null=True), nullable=True))
    with op.batch_alter_table("rematch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("adopts", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("rematch", schema=None) as batch_op:
        batch_op.drop_column("adopts")
    with op.batch_alter_table("pair_apart", schema=None) as batch_op:
        batch_op.drop_column("parts")
