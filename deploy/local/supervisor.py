"""How does a whole system live on one machine? Valkey, three services, their gateway: started, watched, stopped."""

import os
import secrets
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import FrameType

import httpx
import typer

from deploy.local import valkey
from deploy.local.folder import (
    DataFolder,
    held,
    make_private,
    open_folder,
    read_or_make_secrets,
    refuse_if_held,
    write_whole,
)
from deploy.local.processes import Child, note_processes, stop_all, take_down_noted
from deploy.redis.rights import KEEPER, USERS
from deploy.serve import SERVICES
from services.registry.people.master_keys import write_keys
from shared.clock import now
from shared.command import CommandError, ExitCode

HOST = "127.0.0.1"
KEYS = ("session_key", "operator_token", "service_token")
PSEUDONYM_KEY = "pseudonym_key"
TEND_SECONDS = 0.1
READY_SECONDS = 90.0
GATEWAY_GRACE_SECONDS = 5.0
GRACE_SECONDS = 20.0
HERALD_SECONDS = 5.0
"""Who speaks to the person gives the terminal back as it was."""


def up(data: Path, port: int, when_ready: Callable[["LocalSystem"], None]) -> None:
    """Run a system on this folder and port until it is told to stop.

    Args:
        when_ready: called once, in a thread of its own, when every service is ready.
    """
    refuse_if_held(data)
    with closing(_listen(port)) as listener:
        folder = open_folder(data)
        with held(folder):
            LocalSystem(folder, listener).run(when_ready)


class LocalSystem:
    """The processes of one data folder."""

    def __init__(self, folder: DataFolder, listener: socket.socket) -> None:
        self.folder = folder
        self.url = f"http://{HOST}:{listener.getsockname()[1]}"
        self.secrets = read_or_make_secrets(folder, [*KEYS, PSEUDONYM_KEY, *map(valkey.secret_of, USERS)])
        if not folder.vault_keys.exists():
            write_keys(folder.vault_keys, secrets.token_urlsafe(32))
        self.stopping = threading.Event()
        self.client = httpx.Client(base_url=self.url, timeout=5, trust_env=False)
        door = str(listener.fileno())
        self.valkey = self._child("valkey", valkey.prepare(folder, self.secrets))
        self.catcher, self.mail_settings = self._mail_catcher()
        self.services = [self._service(name) for name in SERVICES]
        self.gateway = self._child("gateway", _module("deploy.local.gateway", str(folder.sockets), door), listener)

    @property
    def children(self) -> Sequence[Child]:
        return (self.valkey, *self.catcher, *self.services, self.gateway)

    def run(self, when_ready: Callable[["LocalSystem"], None]) -> None:
        """Start everything, keep it running, and stop it in order at Ctrl-C or SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        self._mend()
        herald = threading.Thread(target=self._announce, args=(when_ready,), daemon=True)
        try:
            self._start()
            herald.start()
            while not self.stopping.wait(TEND_SECONDS):
                self._tend()
        finally:
            self.stopping.set()
            self._end()
        herald.join(HERALD_SECONDS)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping.set()

    def _mend(self) -> None:
        """Take down what an earlier start left behind when it was killed."""
        if left := take_down_noted(self.folder.processes_file, GRACE_SECONDS):
            names = ", ".join(left)
            typer.echo(f"지난 실행이 남긴 프로세스를 정리했습니다. Took down what a killed start left behind: {names}.")

    def _start(self) -> None:
        make_private(self.folder.sockets)
        self.valkey.start()
        self._note()
        keeper = valkey.url_of(self.folder, KEEPER, self.secrets)
        if not valkey.answers(keeper, lambda: self.valkey.alive and not self.stopping.is_set()):
            self._give_up_on(self.valkey)
        for child in (self.gateway, *self.catcher, *self.services):
            child.start()
        self._note()
        socket_path = self.folder.socket_of("valkey")
        state = {"url": self.url, "pid": os.getpid(), "started_at": now(), "redis_socket": socket_path}
        write_whole(self.folder.state_file, state)

    def _tend(self) -> None:
        for child in self.children:
            if child.exit_code:
                self._give_up_on(child)
            if child.tend():
                self._note()
                typer.echo(
                    f"{child.name}: 다시 시작했습니다. It ended and was started again, see {child.log}", err=True
                )

    def _give_up_on(self, child: Child) -> None:
        if self.stopping.is_set():
            return
        raise CommandError(
            "DID_NOT_START",
            child.exit_code or ExitCode.UNREACHABLE,
            ko=f"{child.name} 프로세스를 시작하지 못했습니다.",
            en=f"{child.name} did not start. Its last words:\n\n{child.last_words()}\n",
            where=str(child.log),
            hint=f"Mend what it says and start again; `iljari doctor --data {self.folder.path}` looks further.",
        )

    def _announce(self, when_ready: Callable[["LocalSystem"], None]) -> None:
        complaint = time.monotonic() + READY_SECONDS
        while not self.stopping.wait(TEND_SECONDS):
            if self._is_ready():
                when_ready(self)
                return
            if time.monotonic() > complaint:
                complaint = float("inf")
                typer.echo(
                    f"아직 준비되지 않았습니다. Not ready after {READY_SECONDS:.0f} s, still trying; "
                    f"`iljari doctor --data {self.folder.path}` says what is wrong.",
                    err=True,
                )

    def _is_ready(self) -> bool:
        with suppress(httpx.TransportError):
            return self.client.get("/health/ready").is_success
        return False

    def _end(self) -> None:
        """The door first, then those who write, then what they write to."""
        with suppress(OSError):  # the terminal may be gone
            typer.echo("멈추는 중입니다. Stopping.")
        stop_all([self.gateway], GATEWAY_GRACE_SECONDS)
        stop_all(self.services, GRACE_SECONDS)
        stop_all(self.catcher, GATEWAY_GRACE_SECONDS)
        stop_all([self.valkey], GRACE_SECONDS)
        for file in (self.folder.state_file, self.folder.processes_file):
            file.unlink(missing_ok=True)
        shutil.rmtree(self.folder.sockets, ignore_errors=True)
        self.client.close()

    def _note(self) -> None:
        note_processes(self.folder.processes_file, self.children)

    def _service(self, name: str) -> Child:
        child = self._child(name, _module("deploy.cli", "serve", name, "--socket", str(self.folder.socket_of(name))))
        child.environment |= self._settings(name)
        return child

    def _mail_catcher(self) -> tuple[list[Child], dict[str, str]]:
        """Mail is caught and shown, unless the user named a server of his own."""
        if os.environ.get("NOTIFY_SMTP_URL"):
            return [], {}
        make_private(self.folder.mail)
        self.mail_door = socket.create_server((HOST, 0))
        command = _module("deploy.local.mail_catcher", str(self.folder.mail), str(self.mail_door.fileno()))
        port = self.mail_door.getsockname()[1]
        settings = {"smtp_url": f"smtp://{HOST}:{port}", "mail_caught_in": str(self.folder.mail)}
        return [self._child("mail", command, self.mail_door)], settings

    def _child(self, name: str, command: Sequence[str], door: socket.socket | None = None) -> Child:
        return Child(name, command, self.folder.logs / f"{name}.log", keep_open=(door.fileno(),) if door else ())

    def _settings(self, service: str) -> Mapping[str, str]:
        """A service's environment; what the user set for it himself comes through, except for its places and keys."""
        settings = {
            "redis_url": valkey.url_of(self.folder, service, self.secrets),
            "database_url": self.folder.database_url(service),
            "consumer": "local",
            "public_url": self.url,
            **{key: self.secrets[key] for key in KEYS},
        }
        if service == "registry":
            settings[PSEUDONYM_KEY] = self.secrets[PSEUDONYM_KEY]
            settings["vault_key_file"] = str(self.folder.vault_keys)
            settings["erasure_record"] = str(self.folder.erasures)
        else:
            settings["registry_url"] = str(self.folder.socket_of("registry"))
        if service == "notify":
            settings |= self.mail_settings
        return {f"{service}_{name}".upper(): value for name, value in settings.items()}


def _module(name: str, *arguments: str) -> list[str]:
    # -P: a folder named like one of our packages, where the user happens to stand, must not take its place.
    return [sys.executable, "-P", "-m", name, *arguments]


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port), backlog=256)
    except (OSError, OverflowError) as error:
        raise CommandError(
            "PORT_TAKEN",
            ExitCode.USAGE,
            ko=f"{port}번 포트를 쓸 수 없습니다.",
            en=f"Port {port} cannot be had ({getattr(error, 'strerror', None) or error}).",
            where=f"{HOST}:{port}",
            hint="Choose another with --port N (make run PORT=N), or stop the program that holds it; --port 0 takes a "
            "free one.",
        ) from error
