"""How is a running system? What `iljari status` shows: readiness, what waits on each stream, what lies buried."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from deploy.serve import SERVICES
from shared.command import CommandError, ExitCode, open_system, show_json, show_table

if TYPE_CHECKING:
    import httpx

Status = dict[str, Any]


def show_status(data: Path | None, *, as_json: bool) -> None:
    with open_system(data) as client:
        statuses = [_status_of(client, service) for service in SERVICES]
        url = str(client.base_url)
    if as_json:
        show_json({"url": url, "ready": all(status["ready"] for status in statuses), "services": statuses})
    else:
        _show(url, statuses)
    raise typer.Exit(_exit_code(statuses))


def _status_of(client: "httpx.Client", service: str) -> Status:
    """A service's own account, or that it gave none."""
    try:
        status: Status = client.get(f"/api/v1/{service}/status").json()
    except CommandError as error:
        if error.exit_code is ExitCode.NOT_ALLOWED:
            raise
        return {"service": service, "ready": False, "reached": False, "problems": [error.en]}
    return {**status, "reached": True}


def _show(url: str, statuses: list[Status]) -> None:
    typer.echo(f"주소 address: {url}")
    show_table(
        ("서비스 service", "상태 ready", "미발행 unsaid", "지연(초) oldest s", "묻힘 buried", "문제 problems"),
        [
            (
                status["service"],
                "준비됨 ready" if status["ready"] else "준비 안 됨 not ready",
                status.get("unsaid", "?"),
                status.get("oldest_unsaid_seconds", "?"),
                status.get("buried", "?"),
                "; ".join(status["problems"]),
            )
            for status in statuses
        ],
    )
    show_table(
        ("스트림 stream", "그룹 group", "밀림 lag", "처리 중 pending", "마지막 읽기(초) read s ago"),
        [
            (stream["stream"], stream["group"], stream["lag"], stream["pending"], stream["read_age_seconds"])
            for status in statuses
            for stream in status.get("streams", ())
        ],
    )
    facts = [(status["service"], name, fact) for status in statuses for name, fact in status.get("facts", {}).items()]
    if facts:
        show_table(("서비스 service", "항목 fact", "값 value"), facts)


def _exit_code(statuses: list[Status]) -> ExitCode:
    if not any(status["reached"] for status in statuses):
        return ExitCode.UNREACHABLE
    return ExitCode.ALL_TAKEN if all(status["ready"] for status in statuses) else ExitCode.SOME_REFUSED
