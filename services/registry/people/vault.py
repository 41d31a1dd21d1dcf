"""Who may be named: one key a person, kept under the house key; without it the words are noise."""

import hmac
import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr
from sqlmodel import Session

from services.registry.tables import VaultEntry
from shared.contracts import Fact


class Person(Fact):
    """The personal data we hold of a seeker; never logged, never on a stream."""

    name: str = ""
    phone: str = ""
    email: str = ""

    def __repr__(self) -> str:
        return "Person(***)"

    __str__ = __repr__


class VaultLocked(Exception):
    """The house key does not open this entry: it was changed, or belongs to another house."""


class Vault:
    """Seals and opens; knows the house key and nothing else."""

    def __init__(self, secret: SecretStr) -> None:
        self._secret = secret.get_secret_value().encode()
        self._house = Fernet(self._derived("vault"))

    def keep(self, session: Session, seeker_id: UUID, person: Person) -> bool:
        """Seal someone's data; whether anything changed."""
        words = json.dumps(person.model_dump(), ensure_ascii=False, sort_keys=True).encode()
        digest = hmac.new(self._secret, b"person|" + words, sha256).hexdigest()
        entry = session.get(VaultEntry, seeker_id)
        if entry is not None and entry.digest == digest:
            return False
        key = self._house.decrypt(entry.wrapped_key) if entry else Fernet.generate_key()
        entry = entry or VaultEntry(seeker_id=seeker_id, wrapped_key=self._house.encrypt(key), sealed=b"", digest="")
        entry.sealed, entry.digest = Fernet(key).encrypt(words), digest
        session.add(entry)
        return True

    def open(self, session: Session, seeker_id: UUID) -> Person | None:
        """Someone's data; None if there are none. Only `audit.reveal` calls this: every look is recorded."""
        entry = session.get(VaultEntry, seeker_id)
        if entry is None:
            return None
        try:
            return Person.model_validate_json(Fernet(self._house.decrypt(entry.wrapped_key)).decrypt(entry.sealed))
        except InvalidToken:
            raise VaultLocked(f"the vault key does not open the entry of {seeker_id}") from None

    def seal(self, words: bytes) -> bytes:
        """Keep a document that belongs to no seeker, such as a returned one."""
        return self._house.encrypt(words)

    def unseal(self, sealed: bytes) -> bytes:
        return self._house.decrypt(sealed)

    def pseudonym(self, source_ref: str) -> UUID:
        """A seeker's id from the sender's reference: the same each time, and no way back without the house key.

        References are kept nowhere: people use phone numbers as references.
        """
        return UUID(bytes=hmac.new(self._secret, b"seeker|" + source_ref.encode(), sha256).digest()[:16], version=5)

    def _derived(self, purpose: str) -> bytes:
        return urlsafe_b64encode(hmac.new(self._secret, purpose.encode(), sha256).digest())
