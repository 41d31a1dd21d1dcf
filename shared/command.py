"""What all parts of the command `iljari` share: the system it speaks to, its errors, how it shows things."""

import errno
import json
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import KW_ONLY, dataclass
from enum import IntEnum
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:  # the command starts fast: what costs time to import is imported where it is used
    import httpx
    from rich.progress import Progress

DEFAULT_DATA = Path(".iljari")
STATE_FILE = "iljari.json"
SECRETS_FILE = "secrets.json"

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="ILJARI_DATA_DIR",
        help="Data folder of a local system. Without it: ILJARI_URL and ILJARI_OPERATOR_TOKEN, else .iljari here.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON for programs instead of a table.")]


class ExitCode(IntEnum):
    """Exit codes of the command."""

    ALL_TAKEN = 0
    SOME_REFUSED = 1
    USAGE = 2
    UNREACHABLE = 3
    NOT_ALLOWED = 4


@dataclass(eq=False)
class CommandError(Exception):
    """Something a person must know: what is wrong, where, and what to do about it."""

    code: str
    exit_code: ExitCode
    _: KW_ONLY
    ko: str
    en: str
    where: str = ""
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {self.en} ({self.where})"

    def as_text(self) -> str:
        lines = [f"[{self.code}] {self.ko}", f"  {self.en}"]
        lines += [f"  위치 where: {self.where}"] if self.where else []
        lines += [f"  → {self.hint}"] if self.hint else []
        return "\n".join(lines)

    def as_json(self) -> str:
        problem = {
            "code": self.code,
            "where": self.where,
            "message": self.en,
            "message_ko": self.ko,
            "hint": self.hint,
        }
        return json.dumps({"error": problem}, ensure_ascii=False)


class Commands(TyperGroup):
    """A group of commands that ends every `CommandError` as a clear message and its exit code."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        _never_crash_on_korean()
        return super().main(*arguments, **options)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _refuse_secrets(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        for_programs = "--json" in ctx.args
        try:
            return super().invoke(ctx)
        except CommandError as error:
            typer.echo(error.as_json() if for_programs else error.as_text(), err=True)
            raise typer.Exit(error.exit_code) from error
        except BrokenPipeError as error:  # piped to `head`: the reader has what it wanted
            _say_no_more()
            raise typer.Exit(ExitCode.ALL_TAKEN) from error
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            _say_no_more()
            full = CommandError(
                "DISK_FULL",
                ExitCode.UNREACHABLE,
                ko="쓸 자리가 없습니다. 여기까지 쓴 것은 완전하지 않습니다.",
                en="There is no room to write to: what was written so far is not whole.",
                where="standard output",
                hint="Make room, and run the same again.",
            )
            typer.echo(full.as_json() if for_programs else full.as_text(), err=True)
            raise typer.Exit(full.exit_code) from error


def command_group(help: str = "") -> typer.Typer:
    """A Typer app whose commands share these errors; `deploy.cli` puts them together."""
    return typer.Typer(
        cls=Commands,
        help=help,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


@dataclass(frozen=True)
class RunningSystem:
    """Where a system listens, and the operator's token for it."""

    url: str
    operator_token: str
    data: Path | None = None


def find_system(data: Path | None = None) -> RunningSystem:
    """The system in a data folder if one is given, else the one the environment names, else the one in `.iljari`."""
    url = os.environ.get("ILJARI_URL")
    if data is None and url:
        return RunningSystem(url.rstrip("/"), _token_from_environment())
    folder = data or DEFAULT_DATA
    state = _read_json(folder / STATE_FILE)
    return RunningSystem(state["url"], read_secrets(folder)["operator_token"], folder)


def read_secrets(folder: Path) -> dict[str, str]:
    """The keys of a local system, by name."""
    return _read_json(folder / SECRETS_FILE)


@contextmanager
def open_system(data: Path | None = None, *, timeout: float = 60.0) -> Iterator["httpx.Client"]:
    """An HTTP client to the running system, with the operator's rights.

    Every answer that is not a success is raised as a `CommandError`, so `client.get(…).json()` is enough.
    """
    import httpx

    system = find_system(data)
    with httpx.Client(
        base_url=system.url,
        headers={"Authorization": f"Bearer {system.operator_token}"},
        timeout=httpx.Timeout(timeout, connect=5.0),
        event_hooks={"response": [_raise_problem]},
        trust_env=system.data is None,  # a proxy of the environment is never meant for this machine's own address
    ) as client:
        try:
            yield client
        except httpx.TransportError as error:
            raise _cannot_reach(system, error) from error


def every_page(client: "httpx.Client", path: str, params: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """All rows of a list, page after page as each leads to the next."""
    answer = client.get(path, params={"limit": 500} | (params or {}))
    yield from answer.json()
    while following := answer.links.get("next"):
        answer = client.get(following["url"])
        yield from answer.json()


def download(answering: "AbstractContextManager[httpx.Response]", to: Path) -> None:
    """Write what is answered into a file, which is there whole or not at all.

    Raises:
        CommandError: the file cannot be written.
    """
    part = to.with_name(f"{to.name}.part")
    try:
        with answering as answer, part.open("wb") as out:
            out.writelines(answer.iter_bytes())
        part.replace(to)
    except OSError as error:
        raise unwritable(to, error) from error
    finally:
        part.unlink(missing_ok=True)
    typer.echo(f"내려받았습니다. Written: {to}")


def unwritable(to: Path, why: Exception) -> CommandError:
    """What is told of a file that cannot be written, and why: the wrong place, or a disk that is full."""
    full = isinstance(why, OSError) and why.errno == errno.ENOSPC
    return CommandError(
        "FILE_UNWRITABLE",
        ExitCode.UNREACHABLE if full else ExitCode.USAGE,
        ko="파일을 쓸 수 없습니다.",
        en=f"The file cannot be written ({getattr(why, 'strerror', None) or why}).",
        where=str(to),
    )


def show_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """A table for people; plain tab-separated lines where nobody watches."""
    if not sys.stdout.isatty():
        for row in chain([columns], rows):  # each as soon as it is known
            typer.echo("\t".join(_one_line(cell) for cell in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, title=title or None, title_justify="left")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    Console().print(table)


def progress_bar() -> "Progress":
    """A progress bar on stderr; silent where nobody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


class Step(Protocol):
    """Takes the rows done since the last call, the share of the whole that is done, and what is being done."""

    def __call__(self, done: int, share: float, doing: str = "") -> None: ...


@contextmanager
def share_progress(label: str, unit: str = "행 rows") -> Iterator[Step]:
    """Tells how far a long reading is, and about how long it takes: a bar for people, a line now and then elsewhere."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(label, unit)
        return
    rows = TextColumn("{task.fields[rows]:,}" + unit)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        rows,
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    ) as progress:
        task = progress.add_task(label, total=1.0, rows=0)

        def step(done: int, share: float, doing: str = "") -> None:
            told = f"{label}: {doing}" if doing else label
            progress.update(task, completed=share, description=told, rows=progress.tasks[0].fields["rows"] + done)

        yield step


class _Lines:
    """A line on stderr every few seconds; the time that is left, once enough was seen to be done to say it.

    While nothing can be counted yet, what is being done and for how long. What was done before one looked, and the time
    before anything could be counted, say nothing of the pace. At the whole no time left is told: what follows it (a
    switch, a commit) is no part of the share.
    """

    EVERY_SECONDS = 5.0
    GROUND = 0.02

    def __init__(self, label: str, unit: str) -> None:
        self._label, self._unit, self._rows = label, unit, 0
        self._started = self._said = time.monotonic()
        self._counted_from: tuple[float, float] | None = None
        """When a share was seen first, and what share."""

    def __call__(self, done: int, share: float, doing: str = "") -> None:
        self._rows += done
        instant = time.monotonic()
        if share and self._counted_from is None:
            self._counted_from = instant, share
        if instant - self._said < self.EVERY_SECONDS:
            return
        self._said = instant
        elapsed = instant - self._started
        label = f"{self._label}: {doing}" if doing else self._label
        if doing and not share:
            typer.echo(f"{label} · {elapsed:.0f}초 지남 {elapsed:.0f} s elapsed", err=True)
            return
        left = self._left(instant, share)
        told = "" if left is None else f" · 약 {left:.0f}초 남음 about {left:.0f} s left"
        typer.echo(f"{label}: {self._rows:,}{self._unit} · {share:.0%}{told}", err=True)

    def _left(self, instant: float, share: float) -> float | None:
        """Seconds, by the pace since a share was seen first."""
        since, before = self._counted_from or (instant, share)
        seen = share - before
        return (instant - since) * (1 - share) / seen if seen >= self.GROUND and share < 1 else None


def _say_no_more() -> None:
    """What is still held for standard output goes nowhere: writing it at the end would fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _one_line(cell: object) -> str:
    return "" if cell is None else " ".join(str(cell).split())


def _never_crash_on_korean() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


_SECRET_OPTION = re.compile(r"--?(.*-)?(token|password|passwd|secret|key)(=.*)?", re.IGNORECASE)
_SECRET_IN_URL = re.compile(r"\w+://[^/\s@]*:[^/\s@]+@")


def _refuse_secrets(arguments: Sequence[str]) -> None:
    """Whatever stands on a command line stands in `ps`, for everyone on the machine."""
    for argument in arguments:
        if _SECRET_OPTION.fullmatch(argument) or _SECRET_IN_URL.match(argument):
            raise typer.BadParameter(
                "비밀번호와 토큰은 명령줄에 쓸 수 없습니다. A secret does not belong on the command line: everyone on "
                "this machine can read it there. Use --data DIR, or the variables ILJARI_URL and ILJARI_OPERATOR_TOKEN."
            )


def _token_from_environment() -> str:
    token = os.environ.get("ILJARI_OPERATOR_TOKEN")
    if token:
        return token
    raise CommandError(
        "TOKEN_MISSING",
        ExitCode.USAGE,
        ko="ILJARI_URL은 있지만 ILJARI_OPERATOR_TOKEN이 없습니다.",
        en="ILJARI_URL is set but ILJARI_OPERATOR_TOKEN is not.",
        where="environment",
        hint="Set ILJARI_OPERATOR_TOKEN, or name a local system with --data DIR.",
    )


def _read_json(path: Path) -> dict[str, str]:
    try:
        content: dict[str, str] = json.loads(path.read_text("utf-8"))
        return content
    except FileNotFoundError as error:
        raise CommandError(
            "NOT_RUNNING",
            ExitCode.UNREACHABLE,
            ko="실행 중인 시스템을 찾지 못했습니다.",
            en="No running system was found.",
            where=str(path),
            hint=f"Start one with `iljari up --data {path.parent}`, or name another with --data or ILJARI_URL.",
        ) from error
    except PermissionError as error:
        raise CommandError(
            "NOT_ALLOWED",
            ExitCode.NOT_ALLOWED,
            ko="이 데이터 폴더를 읽을 권한이 없습니다.",
            en="This data folder may not be read by you.",
            where=str(path),
            hint="Run the command as the user who started the system.",
        ) from error
    except ValueError as error:
        raise CommandError(
            "FILE_DAMAGED",
            ExitCode.UNREACHABLE,
            ko="파일이 손상되었습니다.",
            en="The file is damaged.",
            where=str(path),
            hint=f"Run `iljari doctor --data {path.parent}`.",
        ) from error


def _cannot_reach(system: RunningSystem, error: Exception) -> CommandError:
    folder = f" --data {system.data}" if system.data else ""
    return CommandError(
        "UNREACHABLE",
        ExitCode.UNREACHABLE,
        ko="시스템에 연결할 수 없습니다.",
        en=f"The system cannot be reached ({type(error).__name__}: {error}).",
        where=system.url,
        hint=f"Is it running? `iljari doctor{folder}` says what is wrong.",
    )


_EXIT_OF_STATUS = {401: ExitCode.NOT_ALLOWED, 403: ExitCode.NOT_ALLOWED, 429: ExitCode.UNREACHABLE}


def _raise_problem(response: "httpx.Response") -> None:
    """Translate problem+json, or whatever else came instead of a success."""
    if response.is_success:
        return
    response.read()
    problem = _problem_of(response)
    status = response.status_code
    usual = ExitCode.UNREACHABLE if status >= 500 or status < 400 else ExitCode.SOME_REFUSED
    message = problem.get("message") or problem.get("detail") or f"HTTP {status} {response.reason_phrase}"
    raise CommandError(
        str(problem.get("code") or f"HTTP_{status}"),
        _EXIT_OF_STATUS.get(status, usual),
        ko=str(problem.get("message_ko") or "요청이 받아들여지지 않았습니다."),
        en=str(message),
        where=str(problem.get("where") or f"{response.request.method} {response.request.url}"),
        hint=str(problem.get("hint") or ""),
    )


def _problem_of(response: "httpx.Response") -> dict[str, Any]:
    try:
        problem = response.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}
