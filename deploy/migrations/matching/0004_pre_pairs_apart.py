"""pre_pairs_apart."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "pair_apart",
        sa.Column("seeker_id", sa.Uuid(), nullable=False),
        sa.Column("posting_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("apart", sa.Boolean(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("seeker_id", "posting_id"),
    )
    with op.batch_alter_table("pair_apart", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pair_apart_settled"), ["settled"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("pair_apart", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pair_apart_settled"))

    op.drop_table("pair_apart")
