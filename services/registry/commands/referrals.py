"""The way to referrals: `iljari referral list`, `show ID`, `answer ID ANSWER`."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from shared.command import DataOption, JsonOption, command_group, every_page, open_system, show_json, show_table
from shared.contracts.referrals import Answer, ReasonGiven, ReferralState

app = command_group("Referrals: where pairs stand, and what was said of them.")

PATH = "/api/v1/registry/referrals"


@app.command("list")
def list_referrals(
    state: Annotated[ReferralState | None, typer.Option("--state", help="In this state alone.")] = None,
    seeker: Annotated[UUID | None, typer.Option("--seeker", help="Of this seeker alone.")] = None,
    posting: Annotated[UUID | None, typer.Option("--posting", help="Of this posting alone.")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List where pairs stand, and by when the next answer is expected.

    \b
    Examples:
      iljari referral list --state result_due
      iljari referral list --seeker 5f0c… --json
    """
    asked: dict[str, Any] = {"state": state, "seeker": seeker, "posting": posting}
    with open_system(data) as client:
        found = list(every_page(client, PATH, {name: str(value) for name, value in asked.items() if value}))
    if as_json:
        show_json(found)
        return
    columns = ("referral_id", "state", "decided_by", "reason", "due_on", "seeker_id", "posting_id")
    heads = ("알선 referral", "상태 state", "누가 by", "이유 reason", "기한 due", "구직자 seeker", "공고 posting")
    show_table(heads, [tuple(row[name] or "" for name in columns) for row in found])


@app.command("show")
def show_referral(
    referral_id: Annotated[UUID, typer.Argument(help="As listed.", show_default=False)],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every line about a pair: what was said, where it stood after, what was refused and why.

    \b
    Example:
      iljari referral show 0b6f…
    """
    with open_system(data) as client:
        found = client.get(f"{PATH}/{referral_id}").json()
    if as_json:
        show_json(found)
        return
    columns = ("spoken_at", "said_by", "answer", "state", "refusal", "reason", "on_day")
    heads = ("언제 when", "누가 by", "답 answer", "상태 state", "거부 refused", "이유 reason", "날짜 day")
    show_table(heads, [tuple(line[name] or "" for name in columns) for line in found["lines"]])


@app.command("answer")
def note_answer(  # noqa: PLR0913, PLR0917 - one option each
    referral_id: Annotated[UUID, typer.Argument(help="As listed.", show_default=False)],
    answer: Annotated[Answer, typer.Argument(help="What was answered.", show_default=False)],
    reason: Annotated[ReasonGiven | None, typer.Option("--reason", help="Why not.")] = None,
    day: Annotated[
        datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="Of the interview, the start or the end.")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Note what a worker or a firm answered by telephone. What does not fit is kept and told.

    \b
    Examples:
      iljari referral answer 0b6f… interview_set --day 2026-12-01
      iljari referral answer 0b6f… not_hired --reason skills
    """
    asked = {"answer": answer, "reason": reason, "on_day": day.date().isoformat() if day else None}
    with open_system(data) as client:
        told = client.post(f"{PATH}/{referral_id}/answers", json=asked).json()
    if as_json:
        show_json(told)
    elif told["refused"]:
        typer.echo(f"상태는 그대로 {told['state']}입니다. Kept, but it changed nothing: {told['refused']}.")
    else:
        typer.echo(f"이제 {told['state']} 상태입니다. The pair now stands at {told['state']}.")
