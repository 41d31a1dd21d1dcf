"""Cafés with their life, hours and partners; study rooms and who has them when."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "partner_call",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("call_id"),
    )
    op.create_table(
        "room_watch",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("steady_since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "cafe_agreement",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("cafe_id", sa.Uuid(), nullable=False),
        sa.Column("space_by", sa.String(), nullable=False),
        sa.Column("programs_by", sa.String(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["cafe_id"],
            ["cafe.cafe_id"],
        ),
        sa.PrimaryKeyConstraint("agreement_id"),
    )
    with op.batch_alter_table("cafe_agreement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cafe_agreement_cafe_id"), ["cafe_id"], unique=False)

    op.create_table(
        "cafe_closure",
        sa.Column("cafe_id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cafe_id"],
            ["cafe.cafe_id"],
        ),
        sa.PrimaryKeyConstraint("cafe_id", "on"),
    )
    op.create_table(
        "cafe_stage",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cafe_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["cafe_id"],
            ["cafe.cafe_id"],
        ),
        sa.PrimaryKeyConstraint("number"),
    )
    with op.batch_alter_table("cafe_stage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cafe_stage_cafe_id"), ["cafe_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cafe_stage_on"), ["on"], unique=False)

    op.create_table(
        "partner_application",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("venue_type", sa.String(), nullable=False),
        sa.Column("partnership", sa.String(), nullable=False),
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("offers", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("cafe_id", sa.Uuid(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["cafe_id"],
            ["cafe.cafe_id"],
        ),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["partner_call.call_id"],
        ),
        sa.PrimaryKeyConstraint("application_id"),
    )
    with op.batch_alter_table("partner_application", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_partner_application_call_id"), ["call_id"], unique=False)

    op.create_table(
        "room",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("cafe_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("equipment", sa.JSON(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["cafe_id"],
            ["cafe.cafe_id"],
        ),
        sa.PrimaryKeyConstraint("room_id"),
    )
    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_room_cafe_id"), ["cafe_id"], unique=False)

    op.create_table(
        "booking",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("cafe_id", sa.Uuid(), nullable=False),
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("seeker_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("override_reason", sa.String(), nullable=False),
        sa.Column("override_by", sa.String(), nullable=False),
        sa.Column("from_waiting_list", sa.Boolean(), nullable=False),
        sa.Column("checked_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["cafe_id"],
            ["cafe.cafe_id"],
        ),
        sa.ForeignKeyConstraint(
            ["room_id"],
            ["room.room_id"],
        ),
        sa.ForeignKeyConstraint(
            ["seeker_id"],
            ["seeker.seeker_id"],
        ),
        sa.PrimaryKeyConstraint("booking_id"),
    )
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_booking_cafe_id"), ["cafe_id"], unique=False)
        batch_op.create_index("ix_booking_due", ["state", "starts_at"], unique=False)
        batch_op.create_index("ix_booking_room", ["room_id", "starts_at"], unique=False)
        batch_op.create_index("ix_booking_seeker", ["seeker_id", "starts_at"], unique=False)

    op.create_table(
        "calendar_feed",
        sa.Column("seeker_id", sa.Uuid(), nullable=False),
        sa.Column("feed_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["seeker_id"],
            ["seeker.seeker_id"],
        ),
        sa.PrimaryKeyConstraint("seeker_id"),
        sa.UniqueConstraint("feed_id"),
    )
    op.create_table(
        "room_use",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("bookings", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["room_id"],
            ["room.room_id"],
        ),
        sa.PrimaryKeyConstraint("room_id", "on", "state"),
    )
    op.create_table(
        "room_wish",
        sa.Column("wish_id", sa.Uuid(), nullable=False),
        sa.Column("cafe_id", sa.Uuid(), nullable=False),
        sa.Column("seeker_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["cafe_id"],
            ["cafe.cafe_id"],
        ),
        sa.ForeignKeyConstraint(
            ["seeker_id"],
            ["seeker.seeker_id"],
        ),
        sa.PrimaryKeyConstraint("wish_id"),
    )
    with op.batch_alter_table("room_wish", schema=None) as batch_op:
        batch_op.create_index("ix_room_wish_open", ["cafe_id", "state", "starts_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_room_wish_seeker_id"), ["seeker_id"], unique=False)

    with op.batch_alter_table("cafe", schema=None) as batch_op:
        batch_op.add_column(sa.Column("address", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("latitude", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("longitude", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("venue_type", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("partnership", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("is_anchor", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("state", sa.String(), nullable=False, server_default="operating"))
        batch_op.add_column(sa.Column("hours", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("closed_on_holidays", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column("services", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("link_number", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_index(batch_op.f("ix_cafe_state"), ["state"], unique=False)

    with op.batch_alter_table("cafe", schema=None) as batch_op:
        for told in ("address", "is_anchor", "state", "hours", "closed_on_holidays", "services", "link_number"):
            batch_op.alter_column(told, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("cafe", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cafe_state"))
        batch_op.drop_column("link_number")
        batch_op.drop_column("services")
        batch_op.drop_column("closed_on_holidays")
        batch_op.drop_column("hours")
        batch_op.drop_column("state")
        batch_op.drop_column("is_anchor")
        batch_op.drop_column("partnership")
        batch_op.drop_column("venue_type")
        batch_op.drop_column("longitude")
        batch_op.drop_column("latitude")
        batch_op.drop_column("address")

    with op.batch_alter_table("room_wish", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_room_wish_seeker_id"))
        batch_op.drop_index("ix_room_wish_open")

    op.drop_table("room_wish")
    op.drop_table("room_use")
    op.drop_table("calendar_feed")
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.drop_index("ix_booking_seeker")
        batch_op.drop_index("ix_booking_room")
        batch_op.drop_index("ix_booking_due")
        batch_op.drop_index(batch_op.f("ix_booking_cafe_id"))

    op.drop_table("booking")
    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_room_cafe_id"))

    op.drop_table("room")
    with op.batch_alter_table("partner_application", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_partner_application_call_id"))

    op.drop_table("partner_application")
    with op.batch_alter_table("cafe_stage", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cafe_stage_on"))
        batch_op.drop_index(batch_op.f("ix_cafe_stage_cafe_id"))

    op.drop_table("cafe_stage")
    op.drop_table("cafe_closure")
    with op.batch_alter_table("cafe_agreement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cafe_agreement_cafe_id"))

    op.drop_table("cafe_agreement")
    op.drop_table("room_watch")
    op.drop_table("partner_call")
