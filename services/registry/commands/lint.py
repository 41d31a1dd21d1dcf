"""What do the rules find in a file or a text? `iljari lint`: alone, without a running system."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from services.registry.law.licence_kinds import LICENCES, LicenceWord
from shared.command import CommandError, ExitCode, JsonOption, command_group, show_json, show_table

if TYPE_CHECKING:
    from services.registry.commands.lint_rows import ReadOffer
    from services.registry.intake.findings import Refused
    from services.registry.law.licences import AgencyLicence, Defaulters
    from services.registry.law.lint import LegalFinding
    from services.registry.law.rules import Rules

app = command_group("Check postings against dated, sourced rules.")

Unit = Literal["hour", "day", "month", "year"]


@dataclass(frozen=True)
class Circumstances:
    """What holds for every posting of a run."""

    on: date
    work_on: date | None
    licence: "AgencyLicence | None"
    defaulters: "Defaulters | None"
    rules: "Rules"


@dataclass(frozen=True)
class Linted:
    """A posting and what was found in it."""

    read: "ReadOffer"
    findings: "tuple[LegalFinding, ...]"

    def as_json(self) -> dict[str, Any]:
        unread = [found.model_dump() for found in self.read.unread]
        told = {"id": self.read.id, "where": self.read.where, "findings": [found.as_json() for found in self.findings]}
        return told | ({"unread": unread} if unread else {})


@app.command()
def lint(  # noqa: PLR0913, PLR0917 - the options of the command
    file: Annotated[Path | None, typer.Argument(help="Postings in any intake format.", show_default=False)] = None,
    text: Annotated[str | None, typer.Option("--text", help="A text instead of a file.")] = None,
    wage: Annotated[int | None, typer.Option(min=0, help="With --text: the wage, in whole won.")] = None,
    unit: Annotated[Unit | None, typer.Option(help="Of --wage.")] = None,
    weekly_hours: Annotated[float | None, typer.Option(min=0.1, max=168, help="Hours a week.")] = None,
    daily_hours: Annotated[float | None, typer.Option(min=0.1, max=24, help="Hours a day.")] = None,
    work_year: Annotated[
        int | None, typer.Option(min=1988, max=2200, help="The year of the work; else by the posting's dates.")
    ] = None,
    on: Annotated[str | None, typer.Option("--on", help="The day of the check, as 2026-03-02; else today.")] = None,
    licence: Annotated[LicenceWord | None, typer.Option(help="The sender's licence.")] = None,
    defaulters: Annotated[
        Path | None, typer.Option(exists=True, help="A published list of wage defaulters (CSV).")
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(envvar="REGISTRY_LAW_RULES", help="A folder of rules of your own, read after the shipped ones."),
    ] = None,
    mapping: Annotated[str | None, typer.Option(help="A shipped mapping or a mapping file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Check postings, or one text, against the law's rules. It says what it finds and may miss cases.

    Ends with 0 when nothing is found to block, 1 when something is.

    \b
    Examples:
      iljari lint postings.csv
      iljari lint work24.xml --licence 유료 --json
      iljari lint --text "용모단정 여직원 30세 이하"
      iljari lint --text "매장 관리" --wage 2096269 --unit month --weekly-hours 40 --work-year 2025
    """
    from services.registry.law.licences import AgencyLicence

    if (file is None) == (text is None and wage is None):
        raise _usage("FILE, or --text and --wage", "Give one of them.")
    if (wage is None) != (unit is None):
        raise _usage("--wage, --unit", "They go together: --wage 10320 --unit hour.")
    circumstances = Circumstances(
        on=_day(on),
        work_on=date(work_year, 1, 1) if work_year else None,
        licence=AgencyLicence(LICENCES[licence]) if licence else None,
        defaulters=_defaulters(defaulters) if defaulters else None,
        rules=_rules(rules),
    )
    reads = _of_file(file, mapping) if file else iter([_of_text(text or "", wage, unit, weekly_hours, daily_hours)])
    _show([_linted(read, circumstances) for read in reads], as_json=as_json)


def _linted(read: "ReadOffer", circumstances: Circumstances) -> Linted:
    from services.registry.law.lint import lint as find

    if read.offer is None:
        return Linted(read, ())
    found = find(
        read.offer,
        on=circumstances.on,
        work_on=circumstances.work_on or read.work_on,
        licence=circumstances.licence,
        defaulters=circumstances.defaulters,
        rules=circumstances.rules,
    )
    return Linted(read, found)


def _of_file(file: Path, mapping: str | None) -> Iterator["ReadOffer"]:
    from services.registry.commands.lint_rows import offers_in
    from services.registry.intake.findings import Refused

    try:
        yield from offers_in(file, mapping)
    except Refused as refused:
        raise _as_error(refused, file) from refused


def _of_text(text: str, wage: int | None, unit: Unit | None, weekly: float | None, daily: float | None) -> "ReadOffer":
    from services.registry.commands.lint_rows import ReadOffer
    from services.registry.law.conditions import Offer
    from services.registry.law.wages import Hours
    from services.registry.law.wording import readable
    from shared.contracts import Money

    offer = Offer(
        {"text": readable(text)},
        wage=Money(unit=unit, minimum=wage, maximum=wage) if unit else None,
        hours=Hours(weekly=weekly, daily=daily),
        asked=frozenset(),
    )
    return ReadOffer("text", "--text", offer)


def _show(linted: list[Linted], *, as_json: bool) -> None:
    from services.registry.law.lint import MAY_MISS

    blocked = sum(any(found.severity == "block" for found in each.findings) for each in linted)
    if as_json:
        show_json([each.as_json() for each in linted])
    else:
        show_table(
            ("번호 id", "정도 severity", "분류 category", "조문 article", "찾은 말 words", "제안 suggestion"),
            [_line(each, found) for each in linted for found in each.findings],
        )
        some = sum(bool(each.findings) for each in linted)
        typer.echo(
            f"{len(linted)}건 중 {some}건에서 발견, 차단 {blocked}건. "
            f"{some} of {len(linted)} with findings, {blocked} to block.",
            err=True,
        )
    for each in linted:
        for told in (found for found in each.read.unread if found.severity != "remark"):
            typer.echo(f"{each.read.where}: [{told.code}] {told.message_ko} {told.message}", err=True)
    typer.echo(f"{MAY_MISS.ko} {MAY_MISS.en}", err=True)
    raise typer.Exit(ExitCode.SOME_REFUSED if blocked else ExitCode.ALL_TAKEN)


def _line(each: Linted, found: "LegalFinding") -> tuple[str, ...]:
    words = ", ".join(found.words)
    severity = f"{found.severity_ko} {found.severity}"
    return each.read.id, severity, found.category, found.article.ko, words, f"{found.message.ko} {found.suggestion.ko}"


def _day(on: str | None) -> date:
    from shared.clock import KST, now

    if on is None:
        return now().astimezone(KST).date()
    try:
        return date.fromisoformat(on)
    except ValueError:
        raise _usage("--on", "Write the day as 2026-03-02.") from None


def _rules(folder: Path | None) -> "Rules":
    from services.registry.law.rules import RulesError, load_rules, shipped_rules

    try:
        return load_rules(folder) if folder else shipped_rules()
    except RulesError as error:
        raise CommandError(
            "RULES_INVALID",
            ExitCode.USAGE,
            ko="규칙 파일이 잘못되었습니다.",
            en=f"A rule file is wrong: {error}",
            where=str(folder),
            hint="docs/law.md explains the form.",
        ) from error


def _defaulters(path: Path) -> "Defaulters":
    from services.registry.intake.findings import Refused
    from services.registry.intake.formats import encoding_of
    from services.registry.intake.rows import Given
    from services.registry.law.licences import read_defaulters

    try:
        return read_defaulters(path.read_text(encoding_of(Given.on_disk(path))).splitlines())
    except Refused as refused:
        raise _as_error(refused, path) from refused
    except ValueError as error:
        raise _usage("--defaulters", str(error)) from error


def _as_error(refused: "Refused", path: Path) -> CommandError:
    found = refused.finding
    where = f"{path}: {found.where}" if found.where and found.where != str(path) else str(path)
    return CommandError(found.code, ExitCode.USAGE, ko=found.message_ko, en=found.message, where=where, hint=found.hint)


def _usage(where: str, hint: str) -> CommandError:
    return CommandError(
        "USAGE",
        ExitCode.USAGE,
        ko="명령을 그렇게 쓸 수 없습니다.",
        en="The options do not fit.",
        where=where,
        hint=hint,
    )
