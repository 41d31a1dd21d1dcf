"""Which files did clerks send with a browser, and what became of them? Held encrypted until they are taken in."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlmodel import Session, col, select

from services.registry.intake.rows import Given
from services.registry.people.vault import Vault
from services.registry.tables import Agency, Upload
from shared.clock import now

LIMIT_BYTES = 5_000_000
LIMIT_ROWS = 5_000
HELD = timedelta(hours=1)
"""How long a file waits for its clerk."""
REMEMBERED = timedelta(days=30)
"""How long what became of it can be looked up."""
LONGEST_NAME = 100


def hold(session: Session, agency: Agency, vault: Vault, name: str, content: bytes) -> Upload:
    """Keep a file until its clerk has said what its columns mean."""
    forget_old(session)
    shown = "".join(letter for letter in name.replace("\\", "/").rpartition("/")[2] if letter.isprintable())
    upload_id = uuid4()
    upload = Upload(
        upload_id=upload_id,
        agency_id=agency.agency_id,
        file_name=f"{shown.strip()[-LONGEST_NAME:] or 'file'}",
        sealed=vault.seal(content, _about(upload_id)),
        sent_at=now(),
    )
    session.add(upload)
    session.flush()
    return upload


def held(session: Session, agency_id: UUID, upload_id: UUID) -> Upload | None:
    """An agency's own upload; another's is none."""
    upload = session.get(Upload, upload_id)
    return upload if upload is not None and upload.agency_id == agency_id else None


def given(upload: Upload, vault: Vault) -> Given | None:
    """The file itself, as long as it is held."""
    if upload.sealed is None:
        return None
    return Given.in_memory(upload.file_name, vault.unseal(upload.sealed, _about(upload.upload_id)))


def settle(session: Session, upload: Upload, result: dict[str, Any]) -> None:
    """Note what became of the file, and let go of it."""
    upload.result, upload.sealed = result, None
    session.add(upload)


def _about(upload_id: UUID) -> str:
    return f"upload {upload_id}"


def forget_old(session: Session) -> None:
    """Files that nobody came back for, and results that nobody needs any more."""
    waiting = select(Upload).where(col(Upload.sealed).is_not(None), Upload.sent_at < now() - HELD)
    for upload in session.exec(waiting):
        session.delete(upload)
    session.connection().execute(delete(Upload).where(col(Upload.sent_at) < now() - REMEMBERED))
