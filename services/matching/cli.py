"""Matching's share of the command: `iljari matches` and `iljari certify`."""

from typing import Annotated, Any
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

app = command_group()

CERTIFY_SECONDS = 1800.0


@app.command()
def matches(
    seeker: Annotated[UUID | None, typer.Option(help="Show the best postings of this seeker.")] = None,
    posting: Annotated[UUID | None, typer.Option(help="Show the best seekers of this posting.")] = None,
    lang: Annotated[Language, typer.Option(help="Language of the reasons.")] = "ko",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the current matches of a seeker or of a posting, best first, each with its parts and the reason.

    Parts are the points that add up to the score, of 100.

    \b
    Examples:
      iljari matches --seeker 8d3c… --lang en
      iljari matches --posting 1f0a… --json
    """
    with open_system(data) as client:
        shown = client.get("/api/matching/matches", params=_asked(seeker, posting)).json()
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
def certify(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Recompute every match from what is stored, and compare: no pair missed, none invented, none different.

    Also compares what matching holds with what registry holds, so that a lost event shows. Ends with 1 on any
    difference.

    \b
    Examples:
      iljari certify
      iljari certify --json | jq .agrees
    """
    with open_system(data, timeout=CERTIFY_SECONDS) as client:
        registry = client.get("/api/registry/digest").json()
        certificate = client.get("/api/matching/certificate").json()
    same = {side: registry[side] == certificate[side] for side in ("seekers", "postings")}
    agrees = certificate["agrees"] and all(same.values())
    if as_json:
        show_json({**certificate, "registry": registry, "holds_what_registry_holds": same, "agrees": agrees})
    else:
        _show_certificate(certificate, registry)
        typer.echo(_verdict(agrees, certificate["pending"]), err=not agrees)
    raise typer.Exit(ExitCode.ALL_TAKEN if agrees else ExitCode.SOME_REFUSED)


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


def _show_certificate(certificate: dict[str, Any], registry: dict[str, Any]) -> None:
    counted = ("pairs", "recomputed", "missed", "invented", "different", "pending", "epoch", "shards", "seconds")
    show_table(
        ("", "matching", "registry"),
        [
            *([f"{side} {name}", certificate[side][name], registry[side][name]]
              for side in ("seekers", "postings") for name in ("count", "sha256")),
            *([name, certificate[name], ""] for name in counted),
            ["streamed sha256", certificate["streamed_sha256"], ""],
            ["recomputed sha256", certificate["recomputed_sha256"], ""],
        ],
    )  # fmt: skip


def _verdict(agrees: bool, pending: int) -> str:
    if agrees:
        return "모두 일치합니다. Everything agrees."
    if pending:
        return f"아직 처리 중인 목록 {pending}개가 있습니다. {pending} lists are still being made; try again."
    return "차이가 있습니다. There are differences."
