"""Why an order was split off or may be merged again, and which of both it was before."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("job_order", schema=None) as batch_op:
        batch_op.add_column(sa.Column("merge_reason", sa.String(), server_default="", nullable=False))
    with op.batch_alter_table("job_order_revision", schema=None) as batch_op:
        batch_op.add_column(sa.Column("alone", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("merge_reason", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("job_order_revision", schema=None) as batch_op:
        batch_op.drop_column("merge_reason")
        batch_op.drop_column("alone")
    with op.batch_alter_table("job_order", schema=None) as batch_op:
        batch_op.drop_column("merge_reason")
