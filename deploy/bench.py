"""How fast does matching work on this machine? `iljari bench`: the demo city, or a file of postings, made large."""

import os
import platform
from collections.abc import Iterable, Iterator
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args
from uuid import UUID

import typer

from shared.command import CommandError, ExitCode, JsonOption, command_group, progress_bar, show_json, show_table

if TYPE_CHECKING:  # the command starts fast: what costs time to import is imported where it is used
    from services.matching.bench.figures import Figure
    from services.matching.bench.materials import Patterns
    from services.matching.bench.run import Plan
    from shared.contracts import PostingFacts

app = command_group()

Question = Literal["batch", "arrival", "changes", "memory", "floor", "vectorising", "vocabulary", "start", "season"]
QUESTIONS: tuple[Question, ...] = get_args(Question)
WHOLE_SEASON: Question = "season"
"""Minutes of work on all cores: only where it is asked for."""
PARTS = ("numpy", "scipy", "scikit-learn", "rapidfuzz", "numba", "sparse-dot-topn")
CITY_DAY = date(2026, 3, 2)
"""The demo city is the same for everyone who measures, on any day."""


@app.command()
def bench(  # noqa: PLR0913, PLR0917 - the options of the command
    what: Annotated[
        Literal["season"] | None, typer.Argument(help="A whole season: everyone matched anew while newcomers come.")
    ] = None,
    size: Annotated[int, typer.Option(min=100, help="Seekers at 1×; a fifth as many postings.")] = 25_000,
    times: Annotated[str, typer.Option(help="Sizes to measure, commas between, such as 1,4,16.")] = "1",
    shape: Annotated[
        Literal["both", "words", "texts"], typer.Option(help="Stand-in words, or texts with all their n-grams.")
    ] = "both",
    only: Annotated[str, typer.Option(help="What to measure, commas between: " + ", ".join(QUESTIONS) + ".")] = "",
    postings: Annotated[
        Path | None, typer.Option(help="Make the texts from these postings: any file `import` reads.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds in which all take their turn; medians are told.")] = 5,
    queries: Annotated[
        int, typer.Option(min=1, help="Profiles that ask in a batch, each way; the rest is extrapolated.")
    ] = 500,
    arrivals: Annotated[int, typer.Option(min=10, help="Newcomers that are timed one by one.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed makes the same data.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Measure matching beside what one would pick instead, in one run, and hold it against its goals.

    Everybody answers the same questions over the same rows with the same threads, in turn, round by round. Before
    anything is timed, answers are compared with a look at everyone: ids, order and scores. Whoever differs is
    shown, and does not count. No server is needed; larger sizes take minutes and gigabytes.

    \b
    Examples:
      iljari bench
      iljari bench --times 1,4,16 --shape words
      iljari bench season --size 100000 --shape texts
      iljari bench --size 1000000 --only arrival --shape words
      iljari bench --postings postings.jsonl --json | jq .goals
    """
    from services.matching.bench.run import SHAPES, Plan, figures

    shapes, questions = SHAPES if shape == "both" else (shape,), _questions(what or only)
    plan = Plan(size, _sizes(times), shapes, questions, rounds, queries, arrivals, seed)
    load = os.getloadavg()[0]
    with progress_bar() as bar:
        task = bar.add_task("", total=None)
        measured = figures(plan, _patterns(postings), lambda what: bar.update(task, description=what, advance=1))
        told = list(measured) if as_json else _show(measured)
    if as_json:
        show_json(_as_data(plan, told, load))
    else:
        _show_goals(told)
        typer.echo(f"시작할 때 부하 load average at the start: {load:.1f}", err=True)


def _sizes(written: str) -> tuple[int, ...]:
    sizes = tuple(int(one) for one in written.split(",") if one.strip().isdecimal())
    if len(sizes) < len(written.split(",")) or 0 in sizes:
        raise _usage("--times", f"크기를 알 수 없습니다: {written}", f"Sizes are whole numbers from 1, not {written}.")
    return sizes


def _questions(written: str) -> tuple[Question, ...]:
    asked = {one.strip() for one in written.split(",") if one.strip()}
    if unknown := sorted(asked - {*QUESTIONS}):
        raise _usage("--only", f"모르는 이름입니다: {', '.join(unknown)}", f"Unknown: {', '.join(unknown)}.")
    return tuple(one for one in QUESTIONS if one in asked or (not asked and one != WHOLE_SEASON))


def _usage(where: str, ko: str, en: str) -> CommandError:
    return CommandError(
        "USAGE", ExitCode.USAGE, ko=ko, en=en, where=where, hint="`iljari bench --help` shows examples."
    )


def _show(measured: Iterable["Figure"]) -> list["Figure"]:
    """Show each as it becomes known; all that were shown."""
    told: list[Figure] = []

    def rows() -> Iterator[tuple[str, ...]]:
        for one in measured:
            told.append(one)
            yield one.question, str(one.data), one.system, one.written, one.note

    show_table(("측정 question", "자료 data", "방법 system", "값 value", "비고 note"), rows())
    return told


def _show_goals(told: list["Figure"]) -> None:
    from services.matching.bench.run import held_against_goals

    columns = ("목표 goal", "무엇 what", "자료 data", "기준 reach", "최고 moonshot", "측정 measured", "판정 verdict")
    show_table(columns, held_against_goals(told), title="목표 goals")


def _as_data(plan: "Plan", told: list["Figure"], load: float) -> dict[str, Any]:
    from services.matching.bench.run import held_against_goals
    from services.matching.engine.search import THREADS

    machine = {"machine": platform.machine(), "python": platform.python_version(), "threads": THREADS, "load": load}
    names = ("goal", "what", "data", "reach", "moonshot", "measured", "verdict")
    return {
        "run": {**vars(plan), **machine, "versions": {part: _version(part) for part in PARTS}},
        "figures": [{**figure._asdict(), "data": str(figure.data)} for figure in told],
        "goals": [dict(zip(names, goal, strict=True)) for goal in held_against_goals(told)],
    }


def _version(part: str) -> str | None:
    try:
        return version(part)
    except PackageNotFoundError:
        return None


def _patterns(file: Path | None) -> "Patterns":
    from deploy.demo.make_city import make_city
    from services.matching.bench.materials import Patterns

    city = make_city(CITY_DAY)
    of_city = [one.facts for one in city.postings]
    return Patterns(list(_postings_of(file)) if file else of_city, [one.facts for one in city.seekers])


def _postings_of(file: Path) -> Iterator["PostingFacts"]:
    """What would be taken in of this file."""
    from services.registry.intake.documents import check_posting, posting_facts
    from services.registry.intake.importing import Source, told_as_error
    from services.registry.intake.rows import Given

    taken = 0
    with told_as_error(file):
        for row in Source(Given.on_disk(file), "postings").open().rows:
            checked = check_posting(row["document"] or {}, UUID(int=0))
            if checked.posting and not checked.refused:
                taken += 1
                yield posting_facts(checked.posting, UUID(int=0), str(taken))
    if not taken:
        raise CommandError(
            "NO_POSTING",
            ExitCode.USAGE,
            ko="받아들일 수 있는 공고가 없습니다.",
            en="Not one posting of this file would be taken in.",
            where=str(file),
            hint="`iljari import postings` says why.",
        )
