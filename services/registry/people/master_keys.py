"""Which master keys wrap the keys of persons, and where do they lie? Never in the database nor in its backups."""

import hmac
import os
import secrets
import threading
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

NONCE_BYTES = 12


class VaultLocked(Exception):
    """No master key at hand opens this: it was changed, belongs to someone else, or its key is gone."""


@dataclass(frozen=True)
class MasterKey:
    """One key, made of a secret of whatever length."""

    secret: str

    def __repr__(self) -> str:
        return f"MasterKey({self.name})"

    @cached_property
    def name(self) -> str:
        """By which it is known in the database; tells nothing of the secret."""
        return self._derived(b"name").hex()[:16]

    @cached_property
    def cipher(self) -> AESGCM:
        return AESGCM(self._derived(b"wrap"))

    def _derived(self, purpose: bytes) -> bytes:
        return hmac.new(self.secret.encode(), b"iljari vault " + purpose, sha256).digest()


class MasterKeys:
    """All that are in use, newest first: the newest wraps, each unwraps what it has wrapped.

    Args:
        words: the secrets, apart by spaces; where they are given by the environment.
        file: the same, a line each; where this program keeps them itself. It is read again whenever it was changed.
    """

    def __init__(self, words: SecretStr | None = None, file: Path | None = None) -> None:
        if (words is None) == (file is None):
            raise ValueError("give the master keys as words or as a file")
        self.file = file
        self._words = words.get_secret_value() if words else ""
        self._read_at: tuple[int, int] | None = None
        self._turn = threading.Lock()
        self._keys: tuple[MasterKey, ...] = ()
        if not self.all():
            raise ValueError("there is no master key")

    def all(self) -> tuple[MasterKey, ...]:
        with self._turn:
            if self.file is None:
                self._keys = self._keys or _keys(self._words)
            elif (stamp := _stamp(self.file)) != self._read_at:
                self._keys, self._read_at = _keys(self.file.read_text("utf-8")), stamp
            return self._keys

    @property
    def newest(self) -> MasterKey:
        return self.all()[0]

    def named(self, name: str) -> MasterKey:
        for key in self.all():
            if key.name == name:
                return key
        raise VaultLocked(f"the master key {name} is not at hand")

    def begin_anew(self) -> None:
        """Put a new key before the present one; where an earlier rotation was cut short, go on with its key."""
        if self.file is not None and len(self.all()) == 1:
            self._write(MasterKey(secrets.token_urlsafe(32)), *self.all())

    def forget_old(self) -> bool:
        """Keep the newest alone: what others have wrapped is noise from now on. False where that is not ours to do."""
        if self.file is None:
            return len(self.all()) == 1
        self._write(self.newest)
        return True

    def _write(self, *keys: MasterKey) -> None:
        assert self.file is not None
        write_keys(self.file, *(key.secret for key in keys))


def write_keys(file: Path, *words: str) -> None:
    """Write the file whole or not at all, readable by its owner alone."""
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as lines:
        lines.write("".join(f"{word}\n" for word in words))
        lines.flush()
        os.fsync(lines.fileno())
    draft.replace(file)


def seal(cipher: AESGCM, words: bytes, about: str) -> bytes:
    """Encrypt, bound to what it is about: elsewhere it does not open."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, words, about.encode())


def _keys(words: str) -> tuple[MasterKey, ...]:
    return tuple(MasterKey(word) for word in words.split())


def _stamp(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_mtime_ns, found.st_ino
