"""The command `iljari score`: all that is to be said of one pair, from two files, without any system.

Registry's intake reads the files and matching's scorer judges the pair: the very code of the services.
"""

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import typer

from shared.command import CommandError, ExitCode, JsonOption, command_group, open_system, show_json, show_table

if TYPE_CHECKING:  # the command starts fast: what costs time to import is imported where it is used
    from services.matching.engine.pair import Explanation
    from shared.contracts import Finding, PostingFacts, SeekerFacts

app = command_group()

Kind = Literal["seekers", "postings"]
NO_AGENCY = UUID(int=0)


@app.command()
def score(
    seeker: Annotated[Path, typer.Option(help="One seeker, as the intake takes her.", show_default=False)],
    posting: Annotated[Path, typer.Option(help="One posting, as the intake takes it.", show_default=False)],
    epoch_of: Annotated[
        Path | None,
        typer.Option(help="Score as the running system of this data folder does; else neutrally, in epoch 0."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Explain one pair: the score, both fits, every part, every gate, and what would raise it. No system is needed.

    A file holds one document: JSON with the fields of docs/producing.md (a seeker's: summary, skills, certificates,
    experience_months, home, wishes), an event's facts, or one row of any file that `iljari import` reads.

    \b
    Examples:
      iljari score --seeker seeker.json --posting posting.json
      iljari score --seeker seeker.json --posting posting.json --epoch-of .iljari --json
    """
    from services.matching.commands.told import show_explanation, spoken

    her, of_seeker = _seeker(seeker)
    offer, of_posting = _posting(posting)
    explained = _under_epoch_of(epoch_of, her, offer) if epoch_of else _under_epoch_0(her, offer)
    remarks = {str(seeker): of_seeker, str(posting): of_posting}
    if as_json:
        read = {path: [found.model_dump() for found in findings] for path, findings in remarks.items()}
        show_json(explained.model_dump(mode="json") | {"spoken": spoken(explained), "findings": read})
    else:
        show_explanation(explained)
        _show_remarks(remarks)


def _under_epoch_0(seeker: "SeekerFacts", posting: "PostingFacts") -> "Explanation":
    from services.matching.engine.index import Epoch
    from services.matching.engine.pair import explain
    from services.matching.engine.scorer import Rules

    return explain(seeker, posting, Epoch(0, Rules()))


def _under_epoch_of(data: Path, seeker: "SeekerFacts", posting: "PostingFacts") -> "Explanation":
    from services.matching.engine.pair import Explanation

    pair = {"seeker": seeker.model_dump(mode="json"), "posting": posting.model_dump(mode="json")}
    with open_system(data) as client:
        return Explanation.model_validate_json(client.post("/api/v1/matching/explanation", json=pair).content)


def _seeker(path: Path) -> "tuple[SeekerFacts, list[Finding]]":
    from services.registry.intake.documents import check_seeker, seeker_facts

    document, already = _document(path, "seekers")
    checked = check_seeker(document, already)
    if checked.seeker is None:
        raise _refused(path, checked.findings)
    return seeker_facts(checked.seeker), checked.findings


def _posting(path: Path) -> "tuple[PostingFacts, list[Finding]]":
    from services.registry.intake.documents import check_posting, posting_facts

    document, already = _document(path, "postings")
    checked = check_posting(document, NO_AGENCY, already)
    if checked.posting is None:
        raise _refused(path, checked.findings)
    return posting_facts(checked.posting, NO_AGENCY, checked.source_ref or "-"), checked.findings


def _document(path: Path, kind: Kind) -> "tuple[dict[str, Any], list[Finding]]":
    """The one document of a file, and what its reader has to say; an event is read by its facts."""
    written = _json_object(path)
    if facts := _facts_of_an_event(written):
        return facts, []
    try:
        return _only_row(path, kind)
    except CommandError as error:
        if error.code == "MAPPING_UNKNOWN" and written:
            return written, []  # a slip among our own fields: the check names it
        raise


def _only_row(path: Path, kind: Kind) -> "tuple[dict[str, Any], list[Finding]]":
    from services.registry.intake.importing import Source, told_as_error
    from services.registry.intake.rows import Given
    from shared.contracts import Finding

    with told_as_error(path):
        row, *more = islice(Source(Given.on_disk(path), kind).open().rows, 2)
    if more:
        raise CommandError(
            "ONE_EXPECTED",
            ExitCode.USAGE,
            ko="파일에 한 건만 있어야 하는데 더 있습니다.",
            en="The file holds more than the one document that is scored.",
            where=str(path),
            hint="Put the one that you ask about into a file of its own.",
        )
    findings = [Finding.model_validate(found) for found in row["findings"]]
    if row["document"] is None:
        raise _refused(path, findings)
    return row["document"], findings


def _json_object(path: Path) -> dict[str, Any]:
    """What a file says if it is one JSON object, else nothing: the intake's reader says what is wrong with it."""
    from shared.wire import DOCUMENT_LIMIT_BYTES, WireError, strict_document

    try:
        with path.open("rb") as file:
            return strict_document(file.read(DOCUMENT_LIMIT_BYTES + 1), DOCUMENT_LIMIT_BYTES)
    except (OSError, WireError):
        return {}


def _facts_of_an_event(written: dict[str, Any]) -> dict[str, Any] | None:
    """What a published event says, with or without its envelope."""
    data = written.get("data", written)
    facts = data.get("facts") if isinstance(data, dict) else None
    return facts if isinstance(facts, dict) else None


def _refused(path: Path, findings: "list[Finding]") -> CommandError:
    """All that keeps a document from being scored, in one error; of several faults each beside its field."""
    faults = [found for found in findings if found.severity == "refusal"]
    fields = ", ".join(dict.fromkeys(found.where for found in faults if found.where))
    return CommandError(
        faults[0].code,
        ExitCode.USAGE,
        ko=_each([(found.where, found.message_ko) for found in faults]),
        en=_each([(found.where, found.message) for found in faults]),
        where=f"{path}: {fields}" if fields else str(path),
        hint=faults[0].hint,
    )


def _each(faults: list[tuple[str, str]]) -> str:
    messages = {message for _, message in faults}
    return messages.pop() if len(messages) == 1 else " ".join(f"{where}: {message}" for where, message in faults)


def _show_remarks(remarks: "dict[str, list[Finding]]") -> None:
    rows = [
        (path, found.where, found.code, f"{found.message_ko} {found.message}")
        for path, findings in remarks.items()
        for found in findings
    ]
    if rows:
        show_table(("파일 file", "항목 field", "알림 finding", "접수라면 하는 말 what the intake would say"), rows)
