"""The command `iljari skills`: compare terms without any system, and see which terms of a running one nobody knows."""

import csv
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from shared.command import (
    CommandError,
    DataOption,
    ExitCode,
    JsonOption,
    command_group,
    open_system,
    show_json,
    show_table,
)

if TYPE_CHECKING:
    from services.matching.engine.skills.comparison import Verdict

app = command_group("Skill terms: which are the same, and which does nobody know?")

_RELATIONS = {"same": "같음 same", "related": "관련 related", "different": "다름 different"}
MOST_LETTERS = 10_000_000
NEEDS_SECONDS = 300.0


@app.command()
def compare(
    terms: Annotated[list[str] | None, typer.Argument(help="Two terms.", metavar="A B", show_default=False)] = None,
    file: Annotated[
        Path | None, typer.Option(help="Compare every pair of a tab-separated file with the columns a and b.")
    ] = None,
    aliases: Annotated[
        Path | None, typer.Option(envvar="MATCHING_ALIASES", help="A file of aliases of your own, joined to the table.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether two skill terms are the same, related or different, and which rule decided. No system is needed.

    \b
    Examples:
      iljari skills compare 직무 "our word for it" --aliases own.csv
      iljari skills compare 자바 JavaScript
      iljari skills compare "컴활 1급" 컴퓨터활용능력 --json
      iljari skills compare --file pairs.tsv > compared.tsv
    """
    from services.matching.engine.skills.comparison import compare

    _join(aliases)
    pairs = _pairs(terms or [], file)
    compared = [(a, b, compare(a, b)) for a, b in pairs]
    if as_json:
        shown = [_as_data(a, b, verdict) for a, b, verdict in compared]
        show_json(shown if file else shown[0])
    elif file:
        show_table(("a", "b", "relation", "rule"), [(a, b, v.relation, v.rule) for a, b, v in compared])
    else:
        for a, b, verdict in compared:
            typer.echo(f"{_RELATIONS[verdict.relation]} ({verdict.rule}): {a} · {b}")


@app.command()
def unknown(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Show no more than these.")] = 50,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the skill terms of a running system that the alias table does not know, what most profiles use first.

    Beside each stands the known term nearest to it. What is missing goes into a file of your own, a line each:
    `term,aliases`, such as `지게차,포크|lift truck`. Try it with `iljari skills compare … --aliases FILE`, name it in
    MATCHING_ALIASES, and matching takes it up as a new epoch at its next start.

    \b
    Examples:
      iljari skills unknown
      iljari skills unknown --limit 200 --json
    """
    with open_system(data, timeout=120) as client:
        shown = client.get("/api/v1/matching/skills/unknown", params={"limit": limit}).json()
    if as_json:
        show_json(shown)
        return
    show_table(
        ("낱말 term", "사람·공고 profiles", "가장 가까운 nearest known", "가까움 nearness", "관계 relation"),
        [(one["term"], one["profiles"], one["nearest"], one["nearness"], _RELATIONS[one["relation"]]) for one in shown],
    )
    if not shown:
        typer.echo("모르는 낱말이 없습니다. Every term is known.", err=True)


@app.command("needs")
def needs(
    cafe: Annotated[UUID | None, typer.Option("--cafe", help="Of this café alone.", show_default=False)] = None,
    sample: Annotated[int, typer.Option(help="Look at so many seekers at most.", min=1, max=500)] = 300,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what keeps seekers from postings they nearly get, most often first, and the lecture that would help.

    \b
    Examples:
      iljari skills needs
      iljari skills needs --cafe 0b6f… --sample 500 --json
    """
    asked = {"sample": sample} | ({"cafe": str(cafe)} if cafe else {}) | ({"rows": True} if as_json else {})
    with open_system(data, timeout=NEEDS_SECONDS) as client:
        told = client.get("/api/v1/matching/skill-needs", params=asked).json()
    if as_json:
        show_json(told)
    else:
        show_needs(told)


def show_needs(told: dict[str, Any]) -> None:
    """The table, for people."""
    typer.echo(
        f"구직자 {told['seekers']}명 가운데 {told['asked']}명, 아깝게 빠진 공고 {told['near_misses']}건. "
        f"{told['near_misses']} near misses of {told['asked']} seekers out of {told['seekers']}."
    )
    if not told["near_misses"]:
        typer.echo("자료 없음 no data")
        return
    show_table(
        ("없는 것 missing", "비율 share", "빠진 공고 in", "사람 people", "이것만으로 enough alone", "강의 lecture"),
        [
            (it["term"], f"{it['missing_in'] / told['near_misses']:.0%}", it["missing_in"], it["seekers"],
             it["brings_over"], f"{it['term']} 특강 ({it['seekers']}명)")
            for it in told["needs"]
        ],
    )  # fmt: skip


def _join(aliases: Path | None) -> None:
    from services.matching.engine.skills import own_aliases
    from services.matching.engine.skills.terms import AliasRefused

    try:
        own_aliases.join(aliases)
    except AliasRefused as refused:
        raise CommandError(
            "ALIASES_REFUSED",
            ExitCode.USAGE,
            ko="별칭 파일을 받아들일 수 없습니다.",
            en=f"The file of aliases cannot be taken: {refused}.",
            where="--aliases",
            hint="First line `term,aliases`; then a term and its other spellings, | between.",
        ) from refused


def _as_data(a: str, b: str, verdict: "Verdict") -> dict[str, Any]:
    return {"a": a, "b": b, **asdict(verdict)}


def _pairs(terms: list[str], file: Path | None) -> list[tuple[str, str]]:
    if file is not None and not terms:
        return list(_read(file))
    if file is None and len(terms) == 2:
        return [(terms[0], terms[1])]
    raise CommandError(
        "USAGE",
        ExitCode.USAGE,
        ko="낱말 두 개를 쓰거나 --file 로 파일을 지정해 주세요.",
        en="Write two terms, or name a file with --file.",
        hint="`iljari skills compare --help` shows examples.",
    )


def _read(file: Path) -> Iterator[tuple[str, str]]:
    try:
        rows = csv.DictReader(_text(file).splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    except (OSError, UnicodeDecodeError) as error:
        raise _refused(file, "파일을 읽을 수 없습니다 (UTF-8).", f"The file cannot be read ({error}).") from error
    if not {"a", "b"} <= set(rows.fieldnames or ()):
        raise _refused(file, "첫 줄에 a 와 b 열이 있어야 합니다.", "The first line must name the columns a and b.")
    for number, row in enumerate(rows, 2):
        if row["a"] is None or row["b"] is None:
            raise _refused(file, f"{number}번째 줄에 열이 모자랍니다.", f"Line {number} has too few columns.")
        yield row["a"], row["b"]


def _text(file: Path) -> str:
    if file.stat().st_size > MOST_LETTERS:
        raise _refused(file, "파일이 너무 큽니다.", f"The file is larger than {MOST_LETTERS:,} bytes.")
    return file.read_text("utf-8-sig")


def _refused(file: Path, ko: str, en: str) -> CommandError:
    return CommandError(
        "FILE_REFUSED", ExitCode.USAGE, ko=ko, en=en, where=str(file), hint="Tab-separated UTF-8: a<TAB>b."
    )
