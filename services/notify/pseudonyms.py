"""How is someone called towards one posting's side alone? A name that fits no other posting, and leads nowhere."""

import hmac
from hashlib import sha256
from uuid import UUID

from pydantic import SecretStr


def candidate_id(key: SecretStr, seeker_id: UUID, posting_id: UUID) -> UUID:
    """Stands for this person with this posting, always the same; without `key` two postings cannot be compared."""
    told = f"candidate|{seeker_id}|{posting_id}".encode()
    return UUID(bytes=hmac.new(key.get_secret_value().encode(), told, sha256).digest()[:16], version=5)
