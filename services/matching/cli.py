"""Matching's share of the command: `iljari matches` and `iljari evaluate`."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
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
from shared.web.catalogue import Language

if TYPE_CHECKING:  # the command starts fast: what costs time to import is imported where it is used
    from services.matching.quality.evaluation import Interval
    from services.matching.quality.measuring import Result

app = command_group()

_SHOWN = {"map": "MAP", "mrr": "MRR", "ndcg": "nDCG@10", "precision_at_1": "P@1"}
"""Figures of a ranking, and how they are called."""


@app.command()
def matches(  # noqa: PLR0913, PLR0917 - the options of the command
    seeker: Annotated[UUID | None, typer.Option(help="Show the best postings of this seeker.")] = None,
    posting: Annotated[UUID | None, typer.Option(help="Show the best seekers of this posting.")] = None,
    near: Annotated[
        bool, typer.Option("--near", help="Show what the seeker nearly gets: kept from her by one gate, or by skills.")
    ] = False,
    lang: Annotated[Language, typer.Option(help="Language of the reasons.")] = "ko",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the current matches of a seeker or of a posting, best first, each with its parts and the reason.

    Parts are the points that add up to the score, of 100. With both a seeker and a posting: everything about that pair,
    a match or not.

    \b
    Examples:
      iljari matches --seeker 8d3c… --lang en
      iljari matches --seeker 8d3c… --near
      iljari matches --seeker 8d3c… --posting 1f0a…
    """
    if seeker and posting and not near:
        _show_pair(seeker, posting, data, as_json=as_json)
        return
    if near:
        _show_near(_seeker_alone(seeker, posting), lang, data, as_json=as_json)
        return
    with open_system(data) as client:
        shown = client.get("/api/v1/matching/matches", params=_asked(seeker, posting)).json()
    if as_json:
        show_json(shown)
        return
    show_table(
        ("순위 rank", "점수 score", *_with_whom(shown["scope"]), "구성 parts", "이유 reason"),
        [_row(rank, shown["scope"], match, lang) for rank, match in enumerate(shown["matches"], 1)],
    )
    if not shown["matches"]:
        typer.echo("아직 맞는 상대가 없습니다. No match yet.", err=True)


@app.command()
def evaluate(  # noqa: PLR0913, PLR0917 - the options of the command
    queries: Annotated[Path, typer.Option(help="What is asked: JSON lines of `id`, `text`, perhaps `self`.")],
    corpus: Annotated[Path, typer.Option(help="The documents: JSON lines of `id`, `text` or `title`, more fields.")],
    qrels: Annotated[Path, typer.Option(help="Query id, document id, grade, tabs between; relevant above 0.")],
    kind: Annotated[Literal["title", "skill", "profile"], typer.Option("--as", help="What the queries are.")],
    aliases: Annotated[Path | None, typer.Option(help="Other names of documents: id or text, tab, name.")] = None,
    fields: Annotated[str, typer.Option(help="Fields of a document to read, commas between, the title first.")] = "",
    peers: Annotated[bool, typer.Option(help="Rank with what one would pick instead, too.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Measure how well the scorer's own code ranks a labelled set, beside plain rankers in the same run.

    MAP, MRR, nDCG@10 and P@1, each with its 95 % interval (bootstrap over queries). A document named by `self` is
    left out of that query's ranking; a name in --aliases, or in a skill's field `alt`, that any query asks by is left
    out of the names. No server is needed.

    \b
    Examples:
      iljari evaluate --queries Q.jsonl --corpus C.jsonl --qrels R.tsv --as title
      iljari evaluate --queries Q.jsonl --corpus C.jsonl --qrels R.tsv --as profile --fields title,duties --json
      iljari evaluate --queries Q.jsonl --corpus C.jsonl --qrels R.tsv --as skill --fields text
    """
    from services.matching.quality.labelled import SetWrong, other_names, read_labelled, read_names, without_queries
    from services.matching.quality.measuring import results
    from services.matching.quality.ranking import fields_read

    try:
        labelled = read_labelled(queries, corpus, qrels)
        named = read_names(aliases, labelled.documents) if aliases else {}
    except SetWrong as wrong:
        hint = "`iljari evaluate --help` shows the form."
        raise CommandError(
            wrong.code, ExitCode.USAGE, ko=wrong.ko, en=wrong.en, where=wrong.where, hint=hint
        ) from wrong
    read = _fields(fields, labelled.documents) or fields_read(kind, labelled.documents)
    for document, others in (other_names(labelled.documents) if "alt" in read else {}).items():
        named.setdefault(document, []).extend(others)
    names, left_out = without_queries(named, labelled.queries)
    found = list(results(labelled, kind, [field for field in read if field != "alt"], names, beside=peers))
    what = {"as": kind, "documents": len(labelled.documents), "fields": list(read), "names_left_out": left_out}
    if as_json:
        show_json({**what, "systems": [_as_data(one) for one in found]})
        return
    columns = ("system", "queries", *(f"{name} (95 %)" for name in _SHOWN.values()), "seconds")
    show_table(columns, map(_as_row, found), title=", ".join(f"{name} {value}" for name, value in what.items()))


def _fields(written: str, documents: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    asked = tuple(filter(None, (field.strip() for field in written.split(","))))
    unknown = [field for field in asked if not any(field in one for one in documents)]
    if unknown:
        raise CommandError(
            "FIELD_UNKNOWN",
            ExitCode.USAGE,
            ko=f"문서에 없는 필드입니다: {', '.join(unknown)}",
            en=f"No document has the field {', '.join(unknown)}.",
            where="--fields",
        )
    return asked


def _as_data(result: "Result") -> dict[str, Any]:
    told = result.evaluation
    intervals = {name: [held.low, held.high] for name, held in told.intervals.items()}
    figures = {"queries": told.queries, **asdict(told.means), "intervals": intervals}
    return {"system": result.system, **figures, "seconds": round(result.seconds, 3)}


def _as_row(result: "Result") -> list[str]:
    told = result.evaluation
    figures = [_figure(asdict(told.means)[name], told.intervals[name]) for name in _SHOWN]
    return [result.system, str(told.queries), *figures, f"{result.seconds:.1f}"]


def _figure(mean: float, interval: "Interval") -> str:
    return f"{mean:.4f} ({interval.low:.3f}-{interval.high:.3f})"


def _asked(seeker: UUID | None, posting: UUID | None) -> dict[str, str]:
    if (seeker is None) == (posting is None):
        raise CommandError(
            "USAGE",
            ExitCode.USAGE,
            ko="--seeker 와 --posting 가운데 하나를 지정해 주세요.",
            en="Name either --seeker or --posting.",
            hint="`iljari matches --help` shows examples.",
        )
    return {"seeker": str(seeker)} if seeker else {"posting": str(posting)}


def _seeker_alone(seeker: UUID | None, posting: UUID | None) -> UUID:
    if seeker is None or posting is not None:
        raise CommandError(
            "USAGE",
            ExitCode.USAGE,
            ko="--near 는 --seeker 하나와 함께 씁니다.",
            en="--near goes with --seeker alone.",
            where="--near",
        )
    return seeker


def _show_pair(seeker: UUID, posting: UUID, data: Path | None, *, as_json: bool) -> None:
    from services.matching.commands.told import show_explanation, spoken
    from services.matching.engine.pair import Explanation

    with open_system(data) as client:
        asked = {"seeker": str(seeker), "posting": str(posting)}
        explained = Explanation.model_validate_json(client.get("/api/v1/matching/explanation", params=asked).content)
    if as_json:
        show_json(explained.model_dump(mode="json") | {"spoken": spoken(explained)})
    else:
        show_explanation(explained)


def _show_near(seeker: UUID, language: Language, data: Path | None, *, as_json: bool) -> None:
    with open_system(data) as client:
        told = client.get("/api/v1/matching/near-misses", params={"seeker": str(seeker)}).json()
    if as_json:
        show_json(told)
        return
    show_table(
        ("점수 score", "되면 would be", "공고 posting", "회사 employer", "무엇이 막나 what keeps it"),
        [_near_row(one, language) for one in told["near"]],
    )
    columns = (
        "확인되지 않은 것 missing",
        "빠진 공고 missing in",
        "이것만으로 목록에 enough by itself for",
    )
    if told["skills"]:
        show_table(columns, [(one["term"], one["missing_in"], one["brings_over"]) for one in told["skills"]])
    if not told["near"]:
        typer.echo("아깝게 빠진 공고가 없습니다. There is no near miss.", err=True)


def _near_row(one: dict[str, Any], language: Language) -> list[str]:
    from shared.web.spoken import would_fit_but_for

    miss = one["miss"]
    missing = ", ".join(f"{lacking['term']} +{_points(lacking['score'])}" for lacking in miss["raises"])
    kept_by = would_fit_but_for(miss["gate"], language) if miss["gate"] else missing
    return [_points(miss["score"]), _points(miss["would_be"]), one["title"], one["employer"], kept_by]


def _with_whom(scope: str) -> tuple[str, ...]:
    return ("공고 posting", "회사 employer") if scope == "seeker" else ("구직자 seeker",)


def _row(rank: int, scope: str, match: dict[str, Any], language: Language) -> list[str]:
    from shared.contracts import MatchedPair
    from shared.web.catalogue import say
    from shared.web.spoken import spoken_reason

    pair = MatchedPair.model_validate(match["pair"])
    with_whom = [match["title"], match["employer"]] if scope == "seeker" else [str(pair.seeker_id)]
    parts = [f"{say(language, f'part.{part.name}')} {_points(part.score)}" for part in pair.parts]
    return [str(rank), _points(pair.score), *with_whom, ", ".join(parts), spoken_reason(pair.reasons, language)]


def _points(ten_thousandths: int) -> str:
    return f"{ten_thousandths / 100:.2f}"
