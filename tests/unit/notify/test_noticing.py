"""What agencies are told of their postings: what changed, once, without names, and nothing that joins two postings."""

import json
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import Session, select

from services.notify.noticing import notice_agencies
from services.notify.pseudonyms import candidate_id
from services.notify.tables import KeptPosting
from shared.contracts import Candidate, MatchNoticed
from shared.database import transaction
from shared.outbox import OutboxLine
from shared.wire import decode
from tests.unit.notify.conftest import Hear
from tests.unit.notify.examples import (
    a_list,
    a_pair,
    a_posting,
    a_posting_withdrawn,
    a_referral,
    a_seeker,
    a_seeker_withdrawn,
    id_of,
)

KEY = SecretStr("a key for tests")
POSTING = id_of("posting", 0)


def noticed(engine: Engine) -> list[MatchNoticed]:
    """Do the chore of the minute; everything said to agencies so far."""
    with transaction(engine) as session:
        notice_agencies(session, KEY)
    with transaction(engine) as session:
        lines = session.exec(select(OutboxLine).where(OutboxLine.stream.startswith("match.noticed")))  # type: ignore[attr-defined]
        return [_event(line) for line in lines]


def _event(line: OutboxLine) -> MatchNoticed:
    event = decode(MatchNoticed, {k.encode(): v.encode() for k, v in json.loads(line.fields).items()})
    assert line.stream == f"match.noticed.v1:{event.agency_id}"
    return event


@pytest.fixture
def a_match(hear: Hear) -> None:
    hear(a_posting(0), a_seeker(0), a_seeker(1))
    hear(a_list("posting", 0, [a_pair(0, 0, 9_000), a_pair(1, 0, 7_000)]))


@pytest.mark.usefixtures("a_match")
def test_many_changes_are_one_event_and_no_change_is_none(engine: Engine) -> None:
    said = noticed(engine)
    assert [(event.posting_id, event.revision, event.source_ref) for event in said] == [(POSTING, 1, "K-0")]
    assert [one.score for one in said[0].candidates] == [9_000, 7_000]
    assert [reason.code for reason in said[0].candidates[0].reasons] == ["skill.found", "skill.missing"]  # no wishes
    assert noticed(engine) == said


@pytest.mark.usefixtures("a_match")
def test_the_same_list_said_again_is_no_news(engine: Engine, hear: Hear) -> None:
    before = noticed(engine)
    hear(a_list("posting", 0, [a_pair(0, 0, 9_000), a_pair(1, 0, 7_000)], revision=2))
    assert noticed(engine) == before


@pytest.mark.usefixtures("a_match")
def test_a_step_of_a_referral_is_said_and_stands_before_those_only_found(engine: Engine, hear: Hear) -> None:
    noticed(engine)
    hear(a_referral(1, 0, 1, "proposed"), a_referral(1, 0, 2, "referred"))
    last = noticed(engine)[-1]
    assert (last.revision, [one.state for one in last.candidates]) == (2, ["referred", "found"])


@pytest.mark.usefixtures("a_match")
@pytest.mark.parametrize(("state", "told"), [("postponed", ["found", "found"]), ("dismissed", ["found"])])
def test_what_a_counselor_thinks_is_not_told(engine: Engine, hear: Hear, state: str, told: list[str]) -> None:
    hear(a_referral(0, 0, 1, state))
    assert [one.state for one in noticed(engine)[-1].candidates] == told


@pytest.mark.usefixtures("a_match")
def test_of_a_withdrawn_posting_the_outcomes_stay_and_their_score_is_unknown(engine: Engine, hear: Hear) -> None:
    hear(a_referral(0, 0, 1, "hired"), a_posting_withdrawn(0))
    assert [(one.state, one.score) for one in noticed(engine)[-1].candidates] == [("hired", None)]


@pytest.mark.usefixtures("a_match")
def test_whoever_was_erased_is_gone_from_the_next(engine: Engine, hear: Hear) -> None:
    hear(a_referral(0, 0, 1, "referred"))
    noticed(engine)
    hear(a_seeker_withdrawn(0))
    assert candidate_id(KEY, id_of("seeker", 0), POSTING) not in ids(noticed(engine)[-1].candidates)


def test_one_person_has_another_name_with_every_posting(engine: Engine, hear: Hear) -> None:
    hear(a_posting(0), a_posting(1), a_seeker(0))
    hear(a_list("posting", 0, [a_pair(0, 0)]), a_list("posting", 1, [a_pair(0, 1)]))
    first, second = (ids(event.candidates) for event in noticed(engine))
    assert first.isdisjoint(second)
    assert id_of("seeker", 0) not in first | second


def test_an_older_publication_changes_nothing(engine: Engine, hear: Hear) -> None:
    hear(a_posting(0, revision=3, title="새 제목"), a_posting(0, revision=1, title="옛 제목"))
    with Session(engine) as session:
        assert session.get_one(KeptPosting, POSTING).title == "새 제목"


def test_a_posting_for_which_nobody_was_ever_found_says_nothing(engine: Engine, hear: Hear) -> None:
    hear(a_posting(0))
    assert noticed(engine) == []


def ids(candidates: tuple[Candidate, ...]) -> set[UUID]:
    return {one.candidate_id for one in candidates}
