"""What programs may ask of the plan, under `/api/v1/registry/plan`: note, correct, withdraw, read it all, report."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError
from sqlalchemy import Engine

from services.registry.access import not_found
from services.registry.api.bodies import Asked, PlainBody
from services.registry.api.ground import Official
from services.registry.plan import ledger
from services.registry.plan.entries import ENTRY, AnyEntry, Ref
from services.registry.plan.report import report
from services.registry.tables import PlanEntry
from shared.database import reading, transaction
from shared.web.cursors import Paged

MOST_ROWS = 5_000
PLAN_LIMIT_BYTES = 4_000_000
REASON = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
_REF: TypeAdapter[str] = TypeAdapter(Ref)
HINTS = {
    "missing": "Add the field.",
    "extra_forbidden": "Take the field out, or look up its name in docs/plan.md.",
    "union_tag_invalid": "Use a kind that docs/plan.md names.",
    "union_tag_not_found": 'Add `kind`, such as "opening".',
    "date_from_datetime_parsing": "Write the day as 2016-05-30.",
    "value_or_dash": "Write `value`, or `dash = true` where the source has a dash.",
    "year_missing": 'Add `year`, or let `term` be "after".',
}


class Row(Asked):
    """One entry as it is sent; what it says is checked row by row, so that one bad row stops no other."""

    ref: str
    facts: dict[str, Any]
    reason: REASON = ""


class Rows(Asked):
    rows: Annotated[list[Row], Field(min_length=1, max_length=MOST_ROWS)]
    dry_run: bool = False


class Reason(Asked):
    reason: Annotated[REASON, StringConstraints(min_length=1)]


@dataclass(frozen=True)
class Fault:
    """Why a row comes back: which field, of what kind, and what to do."""

    field: str
    code: str
    message: str
    message_ko: str
    hint: str


REF = TypeAdapter(str)


def plan_api(engine: Engine) -> APIRouter:
    router = APIRouter(prefix="/api/v1/registry/plan")

    @router.post("/entries")
    def note_entries(
        who: Official, asked: Annotated[Rows, Depends(PlainBody(Rows, PLAN_LIMIT_BYTES))]
    ) -> dict[str, Any]:
        """Take rows in; a known ref with other facts is corrected. Bad rows come back, the others are taken."""
        with transaction(engine) as session:
            answers = []
            for row in asked.rows:
                facts, faults = read(row.ref, row.facts)
                outcome = "returned" if facts is None else ledger.note(
                    session, row.ref, facts, who=who.label, reason=row.reason
                )  # fmt: skip
                answers.append({"ref": row.ref, "outcome": outcome, "faults": faults})
            if asked.dry_run:
                session.rollback()
        return {"dry_run": asked.dry_run, "rows": answers}

    @router.get("/entries")
    def list_entries(_who: Official, paged: Paged) -> list[dict[str, Any]]:
        """What holds now, by ref; as a file that `iljari plan import` takes."""
        after = paged.after(REF) or ""
        with reading(engine) as session:
            found = [each for each in ledger.entries(session) if each.ref > after]
        found.sort(key=lambda each: each.ref)  # a database may order by its own collation
        return [
            {"ref": each.ref, "revision": each.revision, "facts": each.facts.model_dump(mode="json")}
            for each in paged.shown(found, lambda each: each.ref)
        ]

    @router.get("/entries/{ref}")
    def show_entry(_who: Official, ref: Ref) -> list[PlanEntry]:
        """All revisions of an entry, oldest first."""
        with reading(engine) as session:
            held = list(ledger.revisions(session, ref))
        if not held:
            raise not_found()
        return held

    @router.post("/entries/{ref}/withdraw")
    def withdraw_entry(who: Official, ref: Ref, asked: Annotated[Reason, Depends(PlainBody(Reason))]) -> dict[str, str]:
        """Let an entry no longer count. It stays readable."""
        with transaction(engine) as session:
            if not ledger.withdraw(session, ref, who=who.label, reason=asked.reason):
                raise not_found()
        return {"ref": ref, "outcome": "withdrawn"}

    @router.get("/report")
    def show_report(_who: Official) -> dict[str, Any]:
        """Every table made of the entries, each number with the refs behind it, and the contradictions."""
        with reading(engine) as session:
            return report(ledger.entries(session))

    return router


def read(ref: str, facts: dict[str, Any]) -> tuple[AnyEntry | None, list[Fault]]:
    """The entry, or why it cannot be one."""
    faults: list[Fault] = []
    try:
        _REF.validate_python(ref)
    except ValidationError:
        faults.append(
            Fault("ref", "REF", "A ref has a-z, 0-9, dot and hyphen, 80 at most.",
                  "ref는 영문 소문자, 숫자, 점, 붙임표 80자까지입니다.", "Use a name such as opening-2016-05-30.")
        )  # fmt: skip
    try:
        entry = ENTRY.validate_python(facts)
    except ValidationError as wrong:
        return None, [*faults, *(_fault(each, facts) for each in wrong.errors(include_url=False, include_input=False))]
    return (None, faults) if faults else (entry, [])


def _fault(error: Any, facts: dict[str, Any]) -> Fault:
    place = [str(step) for step in error["loc"] if step != facts.get("kind")]
    hint = HINTS.get(error["type"], "See docs/plan.md for what the field takes.")
    code = str(error["type"]).upper()
    return Fault(".".join(place) or "kind", code, error["msg"], "이 항목의 값을 확인해 주세요.", hint)
