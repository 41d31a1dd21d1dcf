"""How is a pair's explanation told on the command line? In Korean and English, every figure with its parts."""

from typing import TYPE_CHECKING, Literal

import typer

from services.matching.engine.pair import Explanation
from services.matching.engine.scorer import FULL, VIEWS
from shared.command import show_table
from shared.contracts import GateName
from shared.web.catalogue import LANGUAGES, Language, occupation_name, say
from shared.web.spoken import no_match, spoken_reason, would_fit_but_for

if TYPE_CHECKING:
    from httpx import Client

STATES = {"open": "열림 open", "shut": "닫힘 shut", "unknown": "모름 unknown"}
VERDICTS = {
    "match": "맞는 짝 a match",
    "below_threshold": "기준에 못 미침 below the threshold",
    "shut_out": "조건이 맞지 않음 shut out",
    "not_enough_data": "자료 부족 not enough data",
}


def spoken(explained: Explanation) -> dict[str, str]:
    """One sentence in each language, to be read aloud."""
    return {language: _sentence(explained, language) for language in LANGUAGES}


def _sentence(explained: Explanation, language: Language) -> str:
    if explained.verdict == "match":
        return spoken_reason(explained.reasons, language)
    if explained.but_for:
        return would_fit_but_for(explained.but_for, language)
    return no_match(explained.verdict, [gate.name for gate in explained.gates if gate.state == "shut"], language)


def show_explanation(explained: Explanation) -> None:
    """The whole of it."""
    sentences = spoken(explained)
    basis = "낱말의 흔함을 아는 fitted" if explained.fitted else "중립 neutral"
    typer.echo(f"판정 verdict     {VERDICTS[explained.verdict]}")
    if explained.score is not None:
        typer.echo(f"점수 score       {points(explained.score)} / 100 (기준 threshold {points(explained.threshold)})")
    typer.echo(f"구직자에게 fit for the seeker   {points(explained.fit_for_seeker)}")
    typer.echo(f"공고에 fit for the posting      {points(explained.fit_for_posting)}")
    typer.echo(f"아는 비중 known  {explained.known / 100:.0f} %")
    typer.echo(f"기준 시점 epoch  {explained.epoch} ({basis})")
    typer.echo(f"\n{sentences['ko']}\n{sentences['en']}\n")
    _show_parts(explained)
    _show_shares(explained)
    show_table(
        ("조건 gate", "판정", "희망·보유 of the seeker", "공고 of the posting"),
        [
            (
                named("gate", gate.name),
                STATES[gate.state],
                *(_listed(gate.name, said) for said in (gate.wished, gate.offered)),
            )
            for gate in explained.gates
        ],
    )
    if explained.raises:
        rows = [(one.term, f"+{points(one.score)}") for one in explained.raises]
        show_table(("확인되지 않은 것 missing", "오르는 점수 would raise the score by"), rows)


def _show_parts(explained: Explanation) -> None:
    rows = [
        (
            named("part", part.name),
            points(part.value),
            points(part.score),
            points(part.seeker) if part.name in VIEWS["seeker"] else "",
            points(part.posting) if part.name in VIEWS["posting"] else "",
        )
        for part in explained.parts
    ]
    rows += [(named("part", name), STATES["unknown"], "", "", "") for name in explained.unknown]
    figures = (explained.score, explained.fit_for_seeker, explained.fit_for_posting)
    columns = ("항목 part", "맞는 정도 fits", "점수 score", "구직자에게 for the seeker", "공고에 for the posting")
    show_table(columns, [*rows, ("합계 sum", "", *map(points, figures))])


def _show_shares(explained: Explanation) -> None:
    """Whose text tells less because it resembles everybody's; nothing where both count in full."""
    for share, ko, en in (
        (explained.seeker_text, "구직자의 글", "The seeker's text"),
        (explained.posting_text, "공고의 글", "The posting's text"),
    ):
        if share < FULL:
            percent = f"{share / 100:.0f} %"
            typer.echo(f"{ko}은 누구의 글과도 닮은 편이라 {percent}만 셉니다.")
            typer.echo(f"{en} resembles everybody's, so it counts {percent}.\n")


def names_of_cafes(client: "Client") -> dict[str, str]:
    """By id, from registry: matching knows cafés by their ids alone."""
    return {cafe["cafe_id"]: cafe["name"] for cafe in client.get("/api/v1/registry/cafes").json()}


def named(kind: Literal["part", "gate"], name: str) -> str:
    """In both languages."""
    return " ".join(say(language, f"{kind}.{name}") for language in LANGUAGES)


def _listed(gate: GateName, said: tuple[str, ...]) -> str:
    return ", ".join(_in_words(gate, one) for one in said) or "-"


def _in_words(gate: GateName, said: str) -> str:
    """In both languages what is written down as a code, and as it is what is a name or a distance."""
    if gate == "occupation":
        names = (occupation_name(said, language) for language in LANGUAGES)
        return " ".join(dict.fromkeys((said, *names)))
    if gate == "employment_type":
        return " ".join(say(language, f"employment.{said}") for language in LANGUAGES)
    if gate == "commute" and said == "remote":
        return " ".join(say(language, "posting.remote") for language in LANGUAGES)
    return said


def points(ten_thousandths: int | None) -> str:
    """Of a hundred."""
    return "모름 unknown" if ten_thousandths is None else f"{ten_thousandths / 100:.2f}"
