"""A firm's way in without an account: an address that is signed and names its posting and the moment it was made.

Nothing is kept of one, so whoever tells a firm of people hands one over: a mail, a paper, the desk. The signature is
made with the session key: whoever changes that key ends every link.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import SecretStr

from shared.clock import now
from shared.settings import ServiceSettings

PATH = "/firm"
LONGEST_TOKEN = 200


@dataclass(frozen=True)
class FirmLink:
    """What a link says."""

    posting_id: UUID
    made_at: datetime


def address(settings: ServiceSettings, posting_id: UUID) -> str:
    """What is handed to the firm."""
    return f"{settings.public_url.rstrip('/')}{path(settings.session_key, posting_id)}"


def path(key: SecretStr, posting_id: UUID) -> str:
    return f"{PATH}/{_signer(key).dumps([posting_id.hex, int(now().timestamp() * 1_000)])}"


def read(key: SecretStr, token: str) -> FirmLink | None:
    """The link behind a token; None for one that we did not make."""
    try:
        posting_id, made_at = _signer(key).loads(token[:LONGEST_TOKEN])
        return FirmLink(UUID(posting_id), datetime.fromtimestamp(made_at / 1_000, UTC))
    except (BadSignature, ValueError, TypeError, AttributeError):
        return None


def _signer(key: SecretStr) -> URLSafeSerializer:
    return URLSafeSerializer(key.get_secret_value(), salt="iljari.firm-link")
