"""The firm's registration number as it was sent last: for the ledger, and for an export that is read again."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("job_order", schema=None) as batch_op:
        batch_op.add_column(sa.Column("employer_number", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("job_order", schema=None) as batch_op:
        batch_op.drop_column("employer_number")
