"""What lies in the data folder of a local system, and who may hold it?"""

import fcntl
import hashlib
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.clock import KST, now
from shared.command import SECRETS_FILE, STATE_FILE, CommandError, ExitCode

SOCKET_PATH_BYTES = 100
"""A unix socket's path may have 104 bytes on macOS, 108 on Linux."""


@dataclass(frozen=True)
class DataFolder:
    """The files of one local system, and the short private directory of its sockets."""

    path: Path

    @property
    def state_file(self) -> Path:
        return self.path / STATE_FILE

    @property
    def secrets_file(self) -> Path:
        return self.path / SECRETS_FILE

    @property
    def vault_keys(self) -> Path:
        """The master keys of the vault: in a file of their own, so that a backup of the rest can leave them out."""
        return self.path / "vault.keys"

    @property
    def erasures(self) -> Path:
        """Who was erased, for a database that is restored from an older backup: leave it where it is then."""
        return self.path / "erasures.jsonl"

    @property
    def mail(self) -> Path:
        """The letters that were caught, where no mail server was named."""
        return self.path / "mail"

    @property
    def lock_file(self) -> Path:
        return self.path / "lock"

    @property
    def processes_file(self) -> Path:
        """Who was started, for the start after one that was killed."""
        return self.path / "processes.json"

    @property
    def demo_mark(self) -> Path:
        """Present once the demo city is loaded."""
        return self.path / "demo.json"

    @property
    def valkey(self) -> Path:
        return self.path / "valkey"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def sockets(self) -> Path:
        """The same at each start, so that sockets keep their addresses; outside the folder, whose path may be long."""
        name = f"iljari-{os.getuid()}-{hashlib.sha256(os.fsencode(self.path)).hexdigest()[:8]}"
        runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / name
        return runtime if len(os.fsencode(runtime / "matching.sock")) <= SOCKET_PATH_BYTES else Path("/tmp") / name  # noqa: S108 -- made 0700 and checked

    def socket_of(self, name: str) -> Path:
        return self.sockets / f"{name}.sock"

    def database_url(self, service: str) -> str:
        return f"sqlite:///{self.path / service}.sqlite"


def open_folder(path: Path) -> DataFolder:
    """Make the folder and its parts if need be; a clear refusal if it cannot be written."""
    folder = DataFolder(path.expanduser().absolute())
    try:
        for part in (folder.path, folder.valkey, folder.logs):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder.path):
            pass
    except OSError as error:
        raise CommandError(
            "FOLDER_NOT_WRITABLE",
            ExitCode.NOT_ALLOWED,
            ko="데이터 폴더에 쓸 수 없습니다.",
            en=f"The data folder cannot be written ({error.strerror}).",
            where=str(folder.path),
            hint="Choose another with --data DIR, or give this user the right to write there.",
        ) from error
    return folder


@contextmanager
def held(folder: DataFolder) -> Iterator[None]:
    """Hold the folder alone; the operating system lets go of it when this process ends, however it ends."""
    with folder.lock_file.open("a+", encoding="utf-8") as lock:
        if not _take(lock.fileno()):
            raise _already_running(folder, _holder(folder))
        lock.seek(0)
        lock.truncate()
        json.dump({"pid": os.getpid(), "started_at": now().isoformat()}, lock)
        lock.flush()
        yield


def refuse_if_held(path: Path) -> None:
    """Say who runs on this folder, before anything is made or taken."""
    folder = DataFolder(path.expanduser().absolute())
    try:
        with folder.lock_file.open("r+", encoding="utf-8") as lock:
            if not _take(lock.fileno()):
                raise _already_running(folder, _holder(folder))
    except OSError:
        return  # no folder yet, or one that may not be written: `open_folder` tells


def read_or_make_secrets(folder: DataFolder, names: Iterable[str]) -> dict[str, str]:
    """The keys of this system by name: each made once, readable by its owner alone."""
    path = folder.secrets_file
    if not path.exists():
        write_whole(path, {}, mode=0o600)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise CommandError(
            "SECRETS_EXPOSED",
            ExitCode.NOT_ALLOWED,
            ko="비밀 키 파일을 다른 사용자가 읽을 수 있습니다.",
            en="The secrets of this system can be read by other users of this machine.",
            where=str(path),
            hint=f"If nobody else has read it: chmod 600 {path}. Else change the keys in it, all but pseudonym_key.",
        )
    try:
        content: dict[str, str] = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise CommandError(
            "FILE_DAMAGED",
            ExitCode.UNREACHABLE,
            ko="비밀 키 파일이 손상되었습니다.",
            en="The file of secrets is damaged.",
            where=str(path),
            hint="Restore it from a backup: without it those who are sent again are not known to be the same.",
        ) from error
    if absent := {name: secrets.token_urlsafe(32) for name in names if name not in content}:
        write_whole(path, content | absent, mode=0o600)
    return content | absent


def write_whole(path: Path, content: Mapping[str, Any], *, mode: int = 0o644) -> None:
    """Write a file so that it is there entirely or as before."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=2, default=str)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def make_private(directory: Path) -> None:
    """A directory of sockets that is ours and nobody else's; in a shared /tmp someone may have been first."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077:
        return
    raise CommandError(
        "SOCKETS_EXPOSED",
        ExitCode.NOT_ALLOWED,
        ko="소켓 디렉터리를 다른 사용자가 쓸 수 있습니다.",
        en="The directory for sockets belongs to someone else or is open to others.",
        where=str(directory),
        hint="Remove it, or set XDG_RUNTIME_DIR to a directory of your own.",
    )


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(folder: DataFolder) -> dict[str, Any]:
    try:
        holder: dict[str, Any] = json.loads(folder.lock_file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return holder


def _already_running(folder: DataFolder, holder: Mapping[str, Any]) -> CommandError:
    started = holder.get("started_at")
    since = f"{datetime.fromisoformat(started).astimezone(KST):%Y-%m-%d %H:%M:%S} KST" if started else "a moment ago"
    who = f"process {holder.get('pid', '?')}"
    return CommandError(
        "ALREADY_RUNNING",
        ExitCode.USAGE,
        ko=f"이 데이터 폴더로 이미 실행 중입니다({who}, {since}부터).",
        en=f"Iljari already runs on this data folder: {who}, since {since}.",
        where=str(folder.path),
        hint=f"See how it is with `iljari status --data {folder.path}`, or choose another folder with --data DIR.",
    )
