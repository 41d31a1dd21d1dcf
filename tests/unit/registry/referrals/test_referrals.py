"""What a word about a pair leads to in the registry: lines that stay, a consent, a placement, a filled order."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session, select

from services.registry.expiry import sweep
from services.registry.handlers import say_everything_again
from services.registry.intake.door import Arrival, receive
from services.registry.orders.agencies import add_agency
from services.registry.orders.ledger import referral_id_of, steps_of
from services.registry.orders.referral_states import Periods
from services.registry.people import rights
from services.registry.people.audit import Look
from services.registry.people.consents import Ground, Matter
from services.registry.people.seekers import SeekerRow, register, renew, withdraw
from services.registry.people.vault import Vault
from services.registry.referrals.hearing import hear_answer, hear_review
from services.registry.tables import Consent, JobOrder, Posting, Referral, ReferralStep, Seeker, Table
from shared.clock import stopped_at
from shared.contracts import MatchReviewed, ReferralAnswered, RestatementRequested
from shared.database import SpineTable, reading, transaction
from tests.stores import store_with
from tests.unit.registry.conftest import a_document, said

START = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
COUNSELOR = uuid4()
PERIODS = Periods()
SPACE = UUID("0a9e7c1e-0000-4000-8000-000000000003")
Spoken = MatchReviewed | ReferralAnswered
LOOK = Look("구직자 본인", "own page")


class City:
    """Two seekers, two postings, and whoever speaks about them, a minute after one another."""

    def __init__(self, engine: Engine, vault: Vault, headcount: int = 1) -> None:
        self.engine = engine
        self.minutes = 0
        with stopped_at(START), transaction(engine) as session:
            agency, _ = add_agency(session, "마포 일자리센터", "무료")
            firms = [a_document(source_ref=str(n), employer=f"가게 {n}", title=f"제빵사 {n}") for n in range(2)]
            sent = [Arrival("here", firm | {"headcount": headcount}, "http") for firm in firms]
            receive(session, sent, agency, vault)
            rows = [SeekerRow(str(n), {"source_ref": str(n), "summary": "빵"}) for n in range(2)]
            receipts = register(session, rows, "invented", vault)
            self.agency = agency
        self.seekers = [receipt.seeker_id for receipt in receipts if receipt.seeker_id]
        with reading(engine) as session:
            self.postings = [row.posting_id for row in session.exec(select(Posting).order_by(Posting.source_ref))]

    def reviewed(self, decision: Any = "accepted", seeker: int = 0, posting: int = 0, **told: Any) -> MatchReviewed:
        return MatchReviewed(
            **self._spoken(told),
            seeker_id=self.seekers[seeker],
            posting_id=self.postings[posting],
            seeker_revision=1,
            posting_revision=1,
            decision=decision,
            reviewed_by=COUNSELOR,
            score=8_000,
            epoch=1,
            rank=2,
        )

    def answered(self, answer: Any, by: Any = "firm", seeker: int = 0, posting: int = 0, **told: Any) -> Any:
        return ReferralAnswered(
            **self._spoken(told),
            seeker_id=self.seekers[seeker],
            posting_id=self.postings[posting],
            answer=answer,
            answered_by=by,
        )

    def _spoken(self, told: dict[str, Any]) -> dict[str, Any]:
        self.minutes += 1
        spoken = {"occurred_at": START + timedelta(minutes=self.minutes), "event_id": uuid5(SPACE, str(self.minutes))}
        return spoken | told

    def referred(self, seeker: int = 0, posting: int = 0) -> list[Spoken]:
        of: dict[str, Any] = {"seeker": seeker, "posting": posting}
        return [
            self.reviewed(**of),
            self.answered("agreed", "seeker", **of),
            self.answered("consented", "seeker", consent_text="2026-10", **of),
        ]

    def hear(self, *events: Spoken, at: datetime | None = None) -> None:
        for event in events:
            with stopped_at(at or event.occurred_at), transaction(self.engine) as session:
                tell(session, event)

    def pair(self, seeker: int = 0, posting: int = 0) -> Referral:
        with reading(self.engine) as session:
            return session.get_one(Referral, referral_id_of(self.seekers[seeker], self.postings[posting]))

    def steps(self, seeker: int = 0, posting: int = 0) -> Sequence[ReferralStep]:
        with reading(self.engine) as session:
            return steps_of(session, referral_id_of(self.seekers[seeker], self.postings[posting]))

    def recorded(self) -> list[dict[str, Any]]:
        with reading(self.engine) as session:
            return [json.loads(json.loads(line.fields)["data"]) for line in said(session, "referral.recorded.v1")]


def tell(session: Session, event: Spoken) -> None:
    if isinstance(event, MatchReviewed):
        hear_review(event, session, PERIODS)
    else:
        hear_answer(event, session, PERIODS)


@pytest.fixture
def city(engine: Engine, vault: Vault) -> City:
    return City(engine, vault)


def test_a_consent_is_noted_for_this_firm_with_the_text_that_was_shown(city: City) -> None:
    city.hear(*city.referred())
    with reading(city.engine) as session:
        row = session.exec(select(Consent).where(Consent.purpose == "provision")).one()
    assert (row.recipient, row.text, row.given_through, row.revoked_at) == ("가게 0", "2026-10", "herself", None)
    assert city.pair().state == "referred"
    assert [step.state for step in city.steps()] == ["proposed", "agreed", "consented", "referred"]
    last = city.recorded()[-1]
    assert (last["state"], last["names_shown"], last["due_on"]) == ("referred", True, "2026-11-16")


def test_names_are_not_shown_from_the_moment_she_takes_the_consent_back_until_she_gives_it_again(
    city: City, vault: Vault
) -> None:
    city.hear(*city.referred())
    firm = Matter("provision", "가게 0")
    for minutes, named in enumerate((False, True, False), 30):
        with stopped_at(START + timedelta(minutes=minutes)), transaction(city.engine) as session:
            seeker = session.get_one(Seeker, city.seekers[0])
            if named:
                rights.agree(session, vault, seeker, firm, Ground("consent", "herself"), LOOK)
            else:
                rights.revoke(session, vault, seeker, firm, LOOK)
        told = [(row["state"], row["names_shown"]) for row in city.recorded()]
        assert told[-1] == ("referred", named)
    city.hear(city.answered("interview_set", on_day=date(2026, 11, 9)))
    assert city.recorded()[-1]["names_shown"] is False
    revisions = [row["revision"] for row in city.recorded()]
    assert revisions == sorted(set(revisions))


def test_what_she_takes_back_for_one_firm_is_nothing_to_another(city: City, vault: Vault) -> None:
    city.hear(*city.referred())
    before = len(city.recorded())
    with transaction(city.engine) as session:
        seeker = session.get_one(Seeker, city.seekers[0])
        rights.agree(session, vault, seeker, Matter("provision", "가게 1"), Ground("consent", "herself"), LOOK)
        rights.revoke(session, vault, seeker, Matter("provision", "가게 1"), LOOK)
    assert len(city.recorded()) == before


def test_a_refused_word_is_kept_with_its_reason_and_told(city: City) -> None:
    city.hear(city.reviewed(), city.answered("hired"))
    assert [(step.answer, step.state, step.refusal) for step in city.steps()] == [
        ("accepted", "proposed", None),
        ("hired", "proposed", "NOT_AT_THIS_STAGE"),
    ]
    last = city.recorded()[-1]
    assert (last["revision"], last["state"], last["refused"]) == (2, "proposed", "NOT_AT_THIS_STAGE")


def test_a_word_heard_too_early_has_its_effect_when_the_missing_one_comes(city: City) -> None:
    first, *others = [*city.referred(), city.answered("hired")]
    city.hear(*others, first, at=START + timedelta(hours=1))
    assert city.pair().state == "hired"
    assert [step.state for step in city.steps()] == ["agreed", "consented", "consented", "proposed", "hired"]
    with reading(city.engine) as session:
        assert session.get_one(Seeker, city.seekers[0]).state == "placed"


def test_a_hire_places_her_withdraws_her_other_pairs_and_fills_the_order(city: City) -> None:
    city.hear(*city.referred(), *city.referred(posting=1), *city.referred(seeker=1), city.answered("hired"))
    with reading(city.engine) as session:
        assert session.get_one(Seeker, city.seekers[0]).state == "placed"
        assert session.get_one(Posting, city.postings[0]).state == "filled"
        assert session.exec(select(JobOrder.state, JobOrder.decided_by).where(JobOrder.source_ref == "0")).one() == (
            "filled",
            "ledger",
        )
        assert len(said(session, "seeker.withdrawn.v1")) == 1
        assert len(said(session, "posting.withdrawn.v1")) == 1
    assert (city.pair(posting=1).state, city.pair(posting=1).cause) == ("withdrawn", "seeker_placed")
    assert (city.pair(seeker=1).state, city.pair(seeker=1).cause) == ("withdrawn", "posting_filled")


def test_two_firms_hire_the_same_person_and_the_second_is_refused(city: City) -> None:
    words = [*city.referred(), *city.referred(posting=1)]
    first, second = city.answered("hired"), city.answered("hired", posting=1)
    city.hear(*words, second, first)
    assert (city.pair(posting=1).state, city.pair().state) == ("hired", "withdrawn")
    assert city.steps()[-1].refusal in ("PLACED_ELSEWHERE", "NOT_AT_THIS_STAGE")


def test_more_may_be_hired_than_were_ordered_and_it_shows(city: City) -> None:
    city.hear(*city.referred(), *city.referred(seeker=1), city.answered("hired"), city.answered("hired", seeker=1))
    assert (city.pair().over_headcount, city.pair(seeker=1).state, city.pair(seeker=1).over_headcount) == (
        False,
        "hired",
        True,
    )


def test_an_order_for_two_is_filled_by_the_second(engine: Engine, vault: Vault) -> None:
    city = City(engine, vault, headcount=2)
    city.hear(*city.referred(), *city.referred(seeker=1), city.answered("hired"))
    with reading(engine) as session:
        assert session.get_one(Posting, city.postings[0]).state == "open"
    city.hear(city.answered("hired", seeker=1))
    with reading(engine) as session:
        assert session.get_one(Posting, city.postings[0]).state == "filled"


def test_nobody_is_referred_who_does_not_look_any_more(city: City) -> None:
    words = city.referred()
    with stopped_at(START), transaction(city.engine) as session:
        withdraw(session, session.get_one(Seeker, city.seekers[0]), "paused")
    city.hear(*words)
    assert (city.pair().state, city.pair().cause) == ("withdrawn", "seeker_paused")
    assert city.pair().referred_on is None


def test_who_leaves_takes_her_pairs_along_but_a_result_is_still_owed(city: City) -> None:
    city.hear(*city.referred(), city.reviewed(posting=1))
    with stopped_at(START + timedelta(hours=1)), transaction(city.engine) as session:
        withdraw(session, session.get_one(Seeker, city.seekers[0]), "expired")
    assert (city.pair(posting=1).state, city.pair().state) == ("withdrawn", "referred")
    city.hear(city.answered("not_hired", reason="skills"))
    assert city.pair().state == "not_hired"


def test_placed_she_comes_back_when_she_says_so_not_when_a_file_is_sent_again(city: City, vault: Vault) -> None:
    city.hear(*city.referred(), city.answered("hired"))
    with transaction(city.engine) as session:
        register(session, [SeekerRow("0", {"source_ref": "0", "summary": "빵"})], "invented", vault)
        seeker = session.get_one(Seeker, city.seekers[0])
        assert seeker.state == "placed"
        assert renew(session, seeker)
        assert seeker.state == "active"


def test_time_moves_pairs_in_the_sweep_and_a_clock_that_leapt_does_not(city: City) -> None:
    with stopped_at(START):
        sweep(city.engine)
    city.hear(*city.referred(), city.answered("interview_set", on_day=date(2026, 11, 4)))
    with stopped_at(START + timedelta(days=30)):
        assert sweep(city.engine).refused
    assert city.pair().state == "interview"
    with stopped_at(START + timedelta(days=3)):
        assert sweep(city.engine).pairs == 1
    assert (city.pair().state, city.pair().due_on) == ("result_due", date(2026, 11, 11))
    assert city.steps()[-1].said_by == "clock"


def test_every_pair_is_said_again_when_asked(city: City) -> None:
    city.hear(city.reviewed("dismissed", reason="wage"), city.reviewed(seeker=1))
    before = city.recorded()
    with transaction(city.engine) as session:
        for line in said(session, "referral.recorded.v1"):
            session.delete(line)
    with transaction(city.engine) as session:
        say_everything_again([RestatementRequested(asked_by="matching", reason="new_store")], session)
    key = lambda told: told["referral_id"]  # noqa: E731
    assert sorted(city.recorded(), key=key) == sorted(before, key=key)


def test_nothing_is_kept_of_what_is_said_about_someone_erased(city: City) -> None:
    with transaction(city.engine) as session:
        session.get_one(Seeker, city.seekers[0]).state = "erased"
    city.hear(*city.referred())
    with reading(city.engine) as session:
        assert session.exec(select(Referral)).all() == []


HEAD = {"state", "path", "decided_by", "reason", "cause", "confirmed", "until", "referred_on", "interview_on", "due_on"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_and_any_repeats_end_in_the_same_place_and_lines_only_grow(
    data: st.DataObject, vault: Vault, tmp_path_factory: pytest.TempPathFactory
) -> None:
    heads = []
    said_by = [("interview_set", "firm"), ("no_show", "firm"), ("not_hired", "firm"), ("hired", "firm"),
               ("declined", "seeker"), ("agreed", "counselor"), ("left", "seeker")]  # fmt: skip
    more = data.draw(st.lists(st.sampled_from(said_by), max_size=4))
    for turn in range(2):
        path = tmp_path_factory.mktemp("ledger") / "registry.sqlite"
        engine = store_with(f"sqlite:///{path}", Table.metadata, SpineTable.metadata)
        city = City(engine, vault)
        events: list[Spoken] = [*city.referred(), *(city.answered(a, b, on_day=date(2026, 11, 3)) for a, b in more)]
        if turn:
            events = data.draw(st.permutations([*events, *data.draw(st.lists(st.sampled_from(events), max_size=2))]))
        seen: list[ReferralStep] = []
        for event in events:
            city.hear(event, at=START + timedelta(hours=2))
            lines = list(city.steps())
            assert lines[: len(seen)] == seen
            seen = lines
        heads.append(city.pair().model_dump(include=HEAD))
        engine.dispose()
    assert heads[0] == heads[1]
