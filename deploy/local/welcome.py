"""What does a person see when the system is ready? The demo city loading, then where to look and who to sign in as."""

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from deploy.local.folder import write_whole
from deploy.local.supervisor import LocalSystem
from deploy.serve import SERVICES
from shared.clock import KST, now
from shared.command import CommandError, open_system, progress_bar

if TYPE_CHECKING:
    import httpx

MATCHING_SECONDS = 120.0
LOOK_SECONDS = 1.0
"""As often as the services look at their streams."""


@dataclass(frozen=True)
class Welcome:
    """Called by the supervisor, in a thread of its own, when every service is ready."""

    load_demo: bool

    def __call__(self, system: LocalSystem) -> None:
        accounts: list[dict[str, str]] = []
        try:
            accounts = self._demo_accounts(system)
        except CommandError as error:
            if system.stopping.is_set():  # stopped in the middle: the next start takes it up again
                return
            typer.echo(error.as_text(), err=True)
        _say(system, accounts)

    def _demo_accounts(self, system: LocalSystem) -> list[dict[str, str]]:
        """The demo's sign-ins; loads the demo at the first start. Interrupted, it is taken up at the next."""
        mark = system.folder.demo_mark
        if mark.exists():
            loaded: dict[str, Any] = json.loads(mark.read_text("utf-8"))
            return list(loaded["accounts"])
        if not self.load_demo:
            return []
        from deploy.demo.history import arrive, happen
        from deploy.demo.load import load

        typer.echo("시범 도시를 불러옵니다. 모두 지어낸 것입니다. Loading the demo city; all of it is invented.")
        with open_system(system.folder.path) as client, progress_bar() as progress:
            task = progress.add_task("시범 도시 demo city", total=None)
            accounts = load(client, lambda done, total: progress.update(task, completed=done, total=total))
            accounts.append(arrive(system.url))
            typer.echo("모두 맞춰 보는 중입니다. Matching everyone.")
            _wait_until_heard(client, system)
            happen(client, system.url, now().astimezone(KST).date(), system.stopping.wait)
            _wait_until_heard(client, system)
        write_whole(mark, {"loaded_at": now(), "accounts": accounts}, mode=0o600)
        return accounts


def _wait_until_heard(client: "httpx.Client", system: LocalSystem) -> None:
    """Until nothing is unsaid or unheard, so that the desk is full when its address is told; not for ever."""
    deadline = time.monotonic() + MATCHING_SECONDS
    while time.monotonic() < deadline and not all(_has_heard(client, service) for service in SERVICES):
        if system.stopping.wait(LOOK_SECONDS):
            return


def _has_heard(client: "httpx.Client", service: str) -> bool:
    status = client.get(f"/api/v1/{service}/status").json()
    return not status["unsaid"] and not any(stream["lag"] or stream["pending"] for stream in status["streams"])


def _say(system: LocalSystem, accounts: list[dict[str, str]]) -> None:
    typer.echo(f"\n준비되었습니다. Ready: {system.url}\n")
    for account in accounts:
        typer.echo(f"  {account['label']}: {account['login']} / {account['password']}")
    typer.echo(f"\n  데이터 data: {system.folder.path}   멈추기 stop: Ctrl-C")
