"""Where others than seekers can be reached: sealed, and what is known of addresses that no longer take anything."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, LargeBinary, UniqueConstraint
from sqlmodel import Field

from services.registry.tables.base import Table
from shared.database import UtcDateTime


class Contact(Table, table=True):
    """One way to reach a firm about its posting, an agency, or someone who signs in; under the master key."""

    __tablename__ = "contact"
    __table_args__ = (UniqueConstraint("owner", "owner_id", "channel"),)

    contact_id: UUID = Field(primary_key=True)
    owner: str
    """`firm`, `agency` or `account`."""
    owner_id: UUID = Field(index=True)
    """The posting, the agency or the account."""
    channel: str
    """`email`, `webhook` or `apprise`."""
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """An address; of a webhook its secrets too."""
    changed_at: datetime = Field(sa_type=UtcDateTime)


class FailingAddress(Table, table=True):
    """An address that refused for good, by its keyed digest: nothing is sent there until it is another."""

    __tablename__ = "failing_address"

    address_ref: UUID = Field(primary_key=True)
    recipient: str
    recipient_id: UUID = Field(index=True)
    channel: str
    code: str
    since: datetime = Field(sa_type=UtcDateTime)
