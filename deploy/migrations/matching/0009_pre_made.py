"""How many lists of a rematch are kept, beside how many there are to be made."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("rematch_share", schema=None) as batch_op:
        batch_op.add_column(sa.Column("made", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE rematch_share SET made = total WHERE state NOT IN ('fitting', 'scoring')")
    op.execute(
        "UPDATE rematch_share SET made = (SELECT count(*) FROM next_list, rematch"
        " WHERE rematch.rematch_id = rematch_share.rematch_id AND next_list.epoch = rematch.epoch"
        " AND next_list.shard = rematch_share.shard AND next_list.pairs IS NOT NULL) WHERE state = 'scoring'"
    )


def downgrade() -> None:
    with op.batch_alter_table("rematch_share", schema=None) as batch_op:
        batch_op.drop_column("made")
