"""Who may be named: one key a person, wrapped by a master key kept elsewhere; without it the words are noise.

This is the only door to personal data: who reads leaves a row in the audit log, in the same transaction.
"""

import hmac
from collections.abc import Iterable, Sequence
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from sqlmodel import Session, col, select

from services.registry.people.audit import AuditLog, Look
from services.registry.people.master_keys import NONCE_BYTES, MasterKeys, VaultLocked, seal
from services.registry.tables import VaultItem, VaultKey
from shared.contracts import Fact

MASTER_NAME_BYTES = 16


class Person(Fact):
    """The personal data we hold of a seeker; never logged, never on a stream."""

    name: str = ""
    phone: str = ""
    email: str = ""
    birth_date: str = ""
    address: str = ""
    """Beyond the district, which is no secret."""

    def __repr__(self) -> str:
        return "Person(***)"

    __str__ = __repr__


ITEMS = tuple(Person.model_fields)


class Vault:
    """Seals and opens.

    Args:
        keys: the master keys.
        pseudonym_key: names people by what they are called elsewhere, and seals the audit log; the same for ever.
    """

    def __init__(self, keys: MasterKeys, pseudonym_key: SecretStr) -> None:
        self.keys = keys
        self._pseudonym_key = pseudonym_key.get_secret_value().encode()
        self.audit = AuditLog(hmac.new(self._pseudonym_key, b"audit", sha256).digest())

    def keep(self, session: Session, seeker_id: UUID, person: Person, *, is_new: bool = False) -> bool:
        """Seal someone's data; whether anything changed. Of someone who is new nothing is looked up."""
        key = None if is_new else self._key_of(session, seeker_id)
        rows = {row.item: row for row in self._items(session, seeker_id, ITEMS)} if key else {}
        held = self._opened(key, rows.values()) if key else Person()
        changed = {item: value for item, value in person if value != getattr(held, item)}
        if not changed:
            return False
        cipher = AESGCM(key or self._new_key(session, seeker_id))
        for item, value in changed.items():
            row = rows.get(item) or VaultItem(seeker_id=seeker_id, item=item, sealed=b"")
            row.sealed = seal(cipher, value.encode(), f"{seeker_id}/{item}")
            session.add(row)
        return True

    def read(self, session: Session, seeker_ids: Sequence[UUID], look: Look) -> dict[UUID, Person]:
        """What is asked of each person, and a row of the audit log for each; ids without data are absent.

        The rows are the caller's transaction's: hand the answer out only after it has committed.
        """
        people = {seeker_id: self._open(session, seeker_id, look.items) for seeker_id in dict.fromkeys(seeker_ids)}
        seen = {seeker_id: person for seeker_id, person in people.items() if person != Person()}
        self.audit.note(session, seen, look)
        return seen

    def destroy(self, session: Session, seeker_id: UUID) -> None:
        """Drop someone's key, and what it sealed: copies of that elsewhere are noise from now on."""
        for row in (*self._items(session, seeker_id, ITEMS), session.get(VaultKey, seeker_id)):
            if row is not None:
                session.delete(row)
        session.flush()

    def rewrap(self, session: Session, most: int) -> int:
        """Wrap keys of persons that an older master key holds under the newest; how many were."""
        newest = self.keys.newest
        old = select(VaultKey).where(VaultKey.wrapped_by != newest.name).limit(most)
        rows = session.exec(old).all()
        for row in rows:
            row.wrapped, row.wrapped_by = seal(newest.cipher, self._unwrap(row), f"{row.seeker_id}"), newest.name
            session.add(row)
        return len(rows)

    def seal(self, words: bytes, about: str) -> bytes:
        """Keep a document that is no seeker's, under the newest master key."""
        newest = self.keys.newest
        return newest.name.encode() + seal(newest.cipher, words, about)

    def unseal(self, sealed: bytes, about: str) -> bytes:
        name, rest = sealed[:MASTER_NAME_BYTES].decode("ascii", "replace"), sealed[MASTER_NAME_BYTES:]
        return _opened(self.keys.named(name).cipher, rest, about)

    def is_under_newest(self, sealed: bytes) -> bool:
        return sealed.startswith(self.keys.newest.name.encode())

    def pseudonym(self, reference: str) -> UUID:
        """A seeker's id from the sender's reference: the same each time, and no way back without the key.

        References are kept nowhere: people use phone numbers as references.
        """
        digest = hmac.new(self._pseudonym_key, b"seeker|" + reference.encode(), sha256).digest()
        return UUID(bytes=digest[:16], version=5)

    def _open(self, session: Session, seeker_id: UUID, items: Sequence[str]) -> Person:
        key = self._key_of(session, seeker_id)
        return self._opened(key, self._items(session, seeker_id, items)) if key else Person()

    def _opened(self, key: bytes, rows: Iterable[VaultItem]) -> Person:
        cipher = AESGCM(key)
        return Person(**{row.item: _opened(cipher, row.sealed, f"{row.seeker_id}/{row.item}").decode() for row in rows})

    def _items(self, session: Session, seeker_id: UUID, items: Sequence[str]) -> Sequence[VaultItem]:
        wanted = (col(VaultItem.seeker_id) == seeker_id, col(VaultItem.item).in_(items))
        return session.exec(select(VaultItem).where(*wanted)).all()

    def _key_of(self, session: Session, seeker_id: UUID) -> bytes | None:
        row = session.get(VaultKey, seeker_id)
        return self._unwrap(row) if row else None

    def _new_key(self, session: Session, seeker_id: UUID) -> bytes:
        key, newest = AESGCM.generate_key(256), self.keys.newest
        wrapped = seal(newest.cipher, key, f"{seeker_id}")
        session.add(VaultKey(seeker_id=seeker_id, wrapped=wrapped, wrapped_by=newest.name))
        return key

    def _unwrap(self, row: VaultKey) -> bytes:
        return _opened(self.keys.named(row.wrapped_by).cipher, row.wrapped, f"{row.seeker_id}")


def _opened(cipher: AESGCM, sealed: bytes, about: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about.encode())
    except InvalidTag:
        raise VaultLocked(f"what is sealed about {about} does not open: it was changed, or moved here") from None
