"""pre_who_brought_a_seeker."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.add_column(sa.Column("brought_by", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key("consent_brought_by_fkey", "agency", ["brought_by"], ["agency_id"])


def downgrade() -> None:
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.drop_constraint("consent_brought_by_fkey", type_="foreignkey")
        batch_op.drop_column("brought_by")
