"""What is wrong with this installation, and how is it mended? The examinations of `iljari doctor`."""

import os
import shutil
import socket
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import httpx
import typer

from deploy.local import valkey
from deploy.local.folder import DataFolder
from deploy.redis.rights import KEEPER
from deploy.schema import schema_of
from deploy.serve import SERVICES
from shared.clock import now
from shared.command import (
    DEFAULT_DATA,
    CommandError,
    ExitCode,
    RunningSystem,
    find_system,
    open_system,
    read_secrets,
    show_json,
    show_table,
)
from shared.database import open_engine

LEAST_FREE_BYTES = 1_000_000_000
CLOCK_PLAY_SECONDS = 60.0


@dataclass(frozen=True)
class Check:
    """One examination: what was looked at, whether it is well, what was found, how to mend it."""

    name: str
    ok: bool
    found: str
    mend: str = ""
    unreachable: bool = False


def show_examination(data: Path | None, port: int, *, as_json: bool) -> None:
    checks = list(examine(data, port))
    if as_json:
        show_json({"ok": all(check.ok for check in checks), "checks": [asdict(check) for check in checks]})
    else:
        rows = [
            (check.name, "정상 ok" if check.ok else "이상 NOT OK", check.found, "" if check.ok else check.mend)
            for check in checks
        ]
        show_table(("검사 check", "결과 result", "발견 found", "조치 what to do"), rows)
    raise typer.Exit(_exit_code(checks))


def examine(data: Path | None, port: int) -> Iterator[Check]:
    """All examinations: this machine first, then the data folder of a local system, then the system itself."""
    yield from (_python(), _packages())
    if data is not None or "ILJARI_URL" not in os.environ:
        yield from _examine_folder(DataFolder((data or DEFAULT_DATA).expanduser().absolute()), port)
    yield from _examine_system(data)


def _examine_folder(folder: DataFolder, port: int) -> Iterator[Check]:
    yield _writable(folder)
    yield _disk(folder)
    if not folder.path.is_dir():
        return
    yield _clock(folder)
    yield _secrets(folder)
    yield from (_schema(folder, service) for service in SERVICES)
    yield _valkey(folder) if folder.state_file.exists() else _port(port)


def _examine_system(data: Path | None) -> Iterator[Check]:
    try:
        system = find_system(data)
        with open_system(data, timeout=10) as client:
            yield from (_service(client, service) for service in SERVICES)
            yield _expiry(client)
            yield _agency_streams(client)
    except CommandError as error:
        yield Check("시스템 system", False, f"{error.en} ({error.where})", error.hint, unreachable=True)
    else:
        yield Check("주소 address", True, _where(system))


def _where(system: RunningSystem) -> str:
    return f"{system.url}, data in {system.data}" if system.data else system.url


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return Check(
        "파이썬 python", sys.version_info >= (3, 11), found, "Install Python 3.11 or newer, then `make install`."
    )


def _packages() -> Check:
    """Whether all that the project requires is here; extras belong to its makers."""
    missing = [name for name in _required() if not _has(name)]
    found = f"missing: {', '.join(missing)}" if missing else "complete"
    return Check("패키지 packages", not missing, found, "Run `make install`.")


def _required() -> Sequence[str]:
    lines = [line for line in requires("iljari") or () if "extra ==" not in line]
    return [line.translate(str.maketrans("[<>=!~; ", "        ")).split()[0] for line in lines]


def _has(package: str) -> bool:
    with suppress(PackageNotFoundError):
        return bool(version(package))
    return False


def _writable(folder: DataFolder) -> Check:
    place = next(path for path in (folder.path, *folder.path.parents) if path.exists())
    ok = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    return Check(
        "데이터 폴더 data folder", ok, str(folder.path), "Choose another with --data DIR, or allow writing there."
    )


def _disk(folder: DataFolder) -> Check:
    place = next(path for path in (folder.path, *folder.path.parents) if path.exists())
    free = shutil.disk_usage(place).free
    return Check("디스크 disk", free >= LEAST_FREE_BYTES, f"{free / 1e9:.1f} GB free", "Make room: 1 GB at least.")


def _clock(folder: DataFolder) -> Check:
    """A clock that stands before what was last written here has been set back."""
    newest = max((path.stat().st_mtime for path in folder.path.iterdir()), default=0.0)
    behind = newest - now().timestamp()
    found = "in order" if behind < CLOCK_PLAY_SECONDS else f"{behind:.0f} s before the newest file"
    return Check("시계 clock", behind < CLOCK_PLAY_SECONDS, found, "Set the clock, by NTP if possible.")


def _secrets(folder: DataFolder) -> Check:
    path = folder.secrets_file
    if not path.exists():
        return Check("비밀 키 secrets", True, "not made yet")
    mode = stat.S_IMODE(path.stat().st_mode)
    return Check("비밀 키 secrets", not mode & 0o077, f"{path.name} {mode:04o}", f"chmod 600 {path}")


def _schema(folder: DataFolder, service: str) -> Check:
    name = f"스키마 schema {service}"
    if not (folder.path / f"{service}.sqlite").exists():
        return Check(name, True, "no database yet")
    engine = open_engine(folder.database_url(service))
    try:
        schema = schema_of(service, engine)
    finally:
        engine.dispose()
    found = f"revision {schema.found}" if schema.is_current else f"revision {schema.found}, wanted {schema.wanted}"
    return Check(name, schema.is_current, found, "Start again: a start brings it up to date, or says why it cannot.")


def _port(port: int) -> Check:
    name, mend = f"포트 port {port}", "Stop the program that holds it, or choose another with --port N."
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        return Check(name, False, error.strerror or str(error), mend)
    return Check(name, True, "free")


def _valkey(folder: DataFolder) -> Check:
    from redis import Redis
    from redis.exceptions import RedisError

    from shared.redis_safety import unsafe_settings

    name = "Valkey"
    try:
        with Redis.from_url(valkey.url_of(folder, KEEPER, read_secrets(folder.path))) as client:
            findings = unsafe_settings(client)
    except (RedisError, CommandError) as error:
        return Check(name, False, f"{type(error).__name__}: {error}", f"See {folder.logs / 'valkey.log'}.")
    found = "; ".join(finding.message for finding in findings) or "keeps a log, evicts nothing"
    return Check(name, not findings, found, "; ".join(finding.hint for finding in findings))


def _service(client: httpx.Client, service: str) -> Check:
    name = f"서비스 service {service}"
    try:
        status = client.get(f"/api/v1/{service}/status").json()
    except CommandError as error:
        return Check(name, False, error.en, error.hint or "See its log.", error.exit_code is ExitCode.UNREACHABLE)
    found = "ready" if status["ready"] else "; ".join(status["problems"])
    return Check(name, status["ready"], found, "Wait a little; if it stays, see its log.")


def _expiry(client: httpx.Client) -> Check:
    """Whether orders and applications run out by themselves: not while the clock is not believed."""
    try:
        stopped = client.get("/api/v1/registry/status").json()["facts"]["expiry_stopped"]
    except CommandError as error:
        return Check("만료 expiry", False, error.en, error.hint, error.exit_code is ExitCode.UNREACHABLE)
    mend = "Set the clock; if it is right, run `iljari expiry --trust-clock`."
    return Check("만료 expiry", not stopped, stopped or "every minute", mend)


def _agency_streams(client: httpx.Client) -> Check:
    """Whether what agencies write can be read, and none of them took away what we had not read."""
    name = "기관 스트림 agencies' streams"
    try:
        facts = client.get("/api/v1/registry/status").json()["facts"]
    except CommandError as error:
        return Check(name, False, error.en, error.hint, error.exit_code is ExitCode.UNREACHABLE)
    wrong = [f"{stream}: {code}" for stream, code in facts["broken_agency_streams"].items()]
    wrong += [f"{stream}: STREAM_TRIMMED {lost}" for stream, lost in facts["trimmed_agency_streams"].items()]
    mend = "docs/operating.md, Agencies' streams; what was trimmed stands here until `iljari agency settle`."
    return Check(name, not wrong, "; ".join(wrong) or "all read", mend)


def _exit_code(checks: Sequence[Check]) -> ExitCode:
    wrong = [check for check in checks if not check.ok]
    if not wrong:
        return ExitCode.ALL_TAKEN
    return ExitCode.UNREACHABLE if any(check.unreachable for check in wrong) else ExitCode.SOME_REFUSED
