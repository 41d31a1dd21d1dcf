"""Matching's share of the command: `iljari learn`. Labels come from registry, their parts from matching."""

import json
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
    every_page,
    open_system,
    show_json,
    show_table,
)

if TYPE_CHECKING:  # the command starts fast: what costs time to import is imported where it is used
    from httpx import Client

    from services.matching.insight.learning import Judged, Suggestion, TooFew
    from services.matching.insight.outcomes import Ends, Word

app = command_group()

LABELS = "/api/v1/registry/referrals/labels"
SURE = 0.95
"""The share of resamplings in which weights have to judge better before anybody can adopt them."""


@app.command()
def learn(  # noqa: PLR0913, PLR0917 - the options of the command
    labels: Annotated[
        Path | None, typer.Option(help="Learn from this file instead: the JSON list that registry's labels are.")
    ] = None,
    adopt: Annotated[bool, typer.Option("--adopt", help="Put the suggested weights in place, by a rematch.")] = False,
    who: Annotated[str, typer.Option(help="With --adopt: your account here, for the record.")] = "",
    why: Annotated[str, typer.Option(help="With --adopt: the reason, for the record.")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn from what became of pairs which weights would have judged better, and show them beside the present ones.

    Learned from the earlier decisions, judged on the later ones. Nothing counts before someone says --adopt: the
    weights then become those of a new epoch, and `iljari rematch --back` returns to the present ones.

    \b
    Examples:
      iljari learn
      iljari learn --adopt --who mapo --why "상담사 회의 12월 3일"
    """
    from services.matching.insight.learning import TooFew, suggest
    from services.matching.insight.outcomes import outcomes

    if adopt and not (who.strip() and why.strip()):
        raise _usage("--adopt에는 --who와 --why가 필요합니다.", "--adopt goes with --who and --why.", "--adopt")
    with open_system(data) as client:
        words = _read(labels) if labels else _words_of(every_page(client, LABELS))
        present = client.get("/api/v1/matching/weights").json()
        found = outcomes(words, _parts(client))
        learned = suggest(found.labels, present["weights"])
        told = {"present": present, "without_parts": found.without_parts, "learned": asdict(learned)}
        if not as_json:
            _show(learned, present, found.without_parts)
        if adopt:
            told["rematch"] = _adopted(client, learned, present["epoch"], who, why)
    if as_json:
        show_json(told)
    elif adopt:
        typer.echo(
            "이 가중치로 다시 맞춥니다. Everything is matched anew under these weights; `iljari rematch --watch`."
        )
    raise typer.Exit(ExitCode.SOME_REFUSED if isinstance(learned, TooFew) else ExitCode.ALL_TAKEN)


def _read(path: Path) -> list["Word"]:
    try:
        return _words_of(json.loads(path.read_text("utf-8-sig")))
    except (OSError, ValueError) as error:
        raise CommandError(
            "LABELS_UNREADABLE",
            ExitCode.USAGE,
            ko="라벨 파일을 읽을 수 없습니다.",
            en=f"These labels cannot be read ({type(error).__name__}).",
            where=str(path),
            hint="A JSON list of what GET /api/v1/registry/referrals/labels answers.",
        ) from error


def _words_of(told: Any) -> list["Word"]:
    from pydantic import TypeAdapter

    from services.matching.insight.outcomes import Word

    return TypeAdapter(list[Word]).validate_python(list(told))


def _parts(client: "Client") -> dict["Ends", list[int]]:
    pairs = every_page(client, "/api/v1/matching/decided-pairs")
    return {(UUID(one["seeker_id"]), UUID(one["posting_id"])): one["parts"] for one in pairs}


def _adopted(client: "Client", learned: "Suggestion | TooFew", epoch: int, who: str, why: str) -> dict[str, Any]:
    from services.matching.insight.learning import Suggestion

    if not isinstance(learned, Suggestion) or learned.better < SURE:
        raise CommandError(
            "NOT_BETTER",
            ExitCode.SOME_REFUSED,
            ko="이 가중치가 지금보다 낫다는 근거가 부족하여 바꾸지 않았습니다.",
            en="Nothing was adopted: these labels do not show that other weights judge better.",
            where="--adopt",
            hint=f"Better in {SURE:.0%} of resamplings is asked for; more labels tell more.",
        )
    asked = {"weights": learned.weights, "instead_of": epoch, "who": who, "why": why}
    begun: dict[str, Any] = client.post("/api/v1/matching/weights", json=asked).json()
    return begun


def _show(learned: "Suggestion | TooFew", present: dict[str, Any], without_parts: int) -> None:
    from services.matching.commands.told import named
    from services.matching.engine.scorer import PARTS
    from services.matching.insight.learning import TooFew

    if without_parts:
        typer.echo(
            f"점수 구성이 남아 있지 않은 짝 {without_parts:,}개는 뺐습니다. "
            f"{without_parts:,} pairs were left out: nothing is known of what their parts were worth.",
            err=True,
        )
    if isinstance(learned, TooFew):
        typer.echo(_too_few(learned), err=True)
        return
    rows = [(named("part", part), present["weights"][part], learned.weights[part]) for part in PARTS]
    show_table(("항목 part", "지금 present", "제안 suggested"), rows)
    judged = [("지금 present", learned.present), ("제안 suggested", learned.suggested)]
    columns = ("가중치 weights", "좋은 짝이 위에 오는 비율 a good pair ranks above another (95 %)")
    show_table(columns, [(name, _judged(one)) for name, one in judged])
    typer.echo(
        f"앞선 {learned.learned_from:,}건에서 배우고 뒤의 {learned.judged_on:,}건으로 확인했습니다. 다시 뽑은 표본의 "
        f"{learned.better:.0%}에서 제안이 낫습니다.\nLearned from the earlier {learned.learned_from:,}, judged on the "
        f"later {learned.judged_on:,}; the suggestion is better in {learned.better:.0%} of resamplings."
    )


def _too_few(told: "TooFew") -> str:
    return (
        f"라벨이 부족합니다. {told.labels:,}건 가운데 좋은 짝 {told.good:,}건: 모두 {told.least}건, 좋은 짝과 "
        f"아닌 짝이 각각 {told.least_of_each}건 이상 필요합니다. 아무것도 하지 않았습니다.\n"
        f"Too few labels: {told.labels:,}, of them {told.good:,} good. Needed are {told.least}, with at least "
        f"{told.least_of_each} good ones and {told.least_of_each} others. Nothing was done."
    )


def _judged(told: "Judged") -> str:
    return f"{told.auc:.3f} ({told.low:.3f}-{told.high:.3f})"


def _usage(ko: str, en: str, where: str) -> CommandError:
    return CommandError(
        "USAGE", ExitCode.USAGE, ko=ko, en=en, where=where, hint="`iljari learn --help` shows examples."
    )
