"""pre_mappings_of_counters."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("saved_mapping", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cafe_id", sa.Uuid(), nullable=True))
        batch_op.alter_column("agency_id", existing_type=sa.Uuid(), nullable=True)
        batch_op.create_foreign_key("saved_mapping_cafe", "cafe", ["cafe_id"], ["cafe_id"])


def downgrade() -> None:
    op.execute("DELETE FROM saved_mapping WHERE agency_id IS NULL")
    with op.batch_alter_table("saved_mapping", schema=None) as batch_op:
        batch_op.drop_constraint("saved_mapping_cafe", type_="foreignkey")
        batch_op.alter_column("agency_id", existing_type=sa.Uuid(), nullable=False)
        batch_op.drop_column("cafe_id")
