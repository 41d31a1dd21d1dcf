"""How soon after a hire is all else of that person withdrawn? `python -m tests.benchmarks.hire_withdrawal [HIRES]`

Registry, notify and matching at work, each with its own store, and a real Valkey. One firm after another answers
"hired"; counted from the commit of that answer until registry has withdrawn her other pair,
matching keeps no profile of her, and notify shows her on no list and knows the other pair withdrawn.
"""

import statistics
import sys
import time
from collections.abc import Callable
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from services.matching.tables import ProfileRow
from services.notify import answers, match_lists, referrals, reviews
from services.notify.answers import Given
from services.notify.reviews import Verdict
from services.notify.tables import MatchList, PairStanding, SeekerCard
from services.registry.intake.door import Arrival, receive
from services.registry.orders.agencies import add_agency
from services.registry.people.seekers import SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.tables import Referral
from shared.command import show_table
from shared.contracts import ReferralAnswered
from shared.database import open_engine, reading, transaction
from shared.outbox import stage
from shared.web.sign_in import SignedIn
from tests.benchmarks.event_path import matching
from tests.journey.city import wait_for
from tests.journey.town import Town, open_town
from tests.servers import short_directory
from tests.unit.registry.conftest import a_document

COUNSELOR = SignedIn(role="counselor", account_id=UUID(int=7), label="상담사")
POSTINGS = 5
LOOK_SECONDS, LONGEST_SECONDS = 0.002, 60
READY_SECONDS = 300

Pair = tuple[UUID, UUID]
Gone = dict[str, Callable[[], bool]]


def main(hires: int) -> None:
    taken: dict[str, list[float]] = {}
    with short_directory() as folder, open_town(folder, lambda session, vault: fill(session, vault, hires)) as town:
        own = folder / "matching"
        own.mkdir()
        with matching(town.settings.redis_url, own):
            store = open_engine(f"sqlite:///{own}/matching.sqlite")
            for her, first, other in two_referrals_each(town, hires):
                for where, seconds in hire(town, store, (her, first), (her, other)).items():
                    taken.setdefault(where, []).append(seconds * 1_000)
            store.dispose()
    rows = [(where, *(f"{figure:.0f}" for figure in (statistics.median(ms), max(ms)))) for where, ms in taken.items()]
    show_table(("withdrawn at", "median ms", "longest ms"), rows, title=f"{hires} hires, one after another")


def fill(session: Session, vault: Vault, hires: int) -> None:
    agency, _ = add_agency(session, "새빛 직업소개소", "무료")
    orders = [a_document(source_ref=f"K-{n}", headcount=hires + 1, employer=f"가게 {n}") for n in range(POSTINGS)]
    receive(session, [Arrival("here", document, "http") for document in orders], agency, vault)
    people = [SeekerRow(f"{n}", {"name": f"구직자{n}", "skills": ["제빵", "제과"]}) for n in range(hires)]
    register(session, people, "invented", vault)


def two_referrals_each(town: Town, hires: int) -> list[tuple[UUID, UUID, UUID]]:
    """Everyone referred to her best posting, and proposed for her second."""

    def listed() -> list[tuple[UUID, UUID, UUID]]:
        with reading(town.notify) as session:
            lists = session.exec(select(MatchList).where(MatchList.scope == "seeker")).all()
            best = [(one.scope_id, *(pair.posting_id for pair in one.pairs[:2])) for one in lists]
        return [one for one in best if len(one) == 3] if len(best) == hires else []  # type: ignore[misc]

    found: list[tuple[UUID, UUID, UUID]] = wait_for(listed, READY_SECONDS, "everyone's list")
    for her, first, other in found:
        with transaction(town.notify) as session:
            for posting in (first, other):
                shown = match_lists.find_pair(session, session.get_one(SeekerCard, her), posting)
                assert shown
                reviews.decide(session, COUNSELOR, shown, Verdict("accepted"))
            agreed = {"seeker_id": her, "posting_id": first, "answered_by": "seeker", "consent_text": "2026-1"}
            stage(session, ReferralAnswered(answer="consented", **agreed))
    for her, first, other in found:
        town.wait_until(her, first, "referred")
        town.wait_until(her, other, "proposed")
    return found


def hire(town: Town, matching_store: Engine, pair: Pair, other: Pair) -> dict[str, float]:
    """Seconds from the firm's answer until nothing else is open for her, at each service."""
    with transaction(town.notify) as session:
        answers.give(session, "firm", pair, Given("hired", on_day=referrals.today()))
    started, taken = time.perf_counter(), {}
    waiting = gone_everywhere(town, matching_store, other)
    while waiting:
        for where in [where for where, is_gone in waiting.items() if is_gone()]:
            taken[where] = time.perf_counter() - started
            del waiting[where]
        assert time.perf_counter() - started < LONGEST_SECONDS, f"still there: {[*waiting]}"
        time.sleep(LOOK_SECONDS)
    return {where: taken[where] for where in gone_everywhere(town, matching_store, other)}


def gone_everywhere(town: Town, matching_store: Engine, other: Pair) -> Gone:
    seeker_id, posting_id = other

    def in_registry() -> bool:
        with reading(town.registry) as session:
            of_pair = (Referral.seeker_id == seeker_id, Referral.posting_id == posting_id)
            return session.exec(select(Referral.state).where(*of_pair)).one() == "withdrawn"

    def in_matching() -> bool:
        with reading(matching_store) as session:
            return not session.exec(select(ProfileRow.live).where(col(ProfileRow.id) == seeker_id)).one()

    def on_lists() -> bool:
        with reading(town.notify) as session:
            return not session.get_one(SeekerCard, seeker_id).live

    def at_the_desk() -> bool:
        with reading(town.notify) as session:
            return session.get_one(PairStanding, other).state == "withdrawn"

    return {"registry: her other pair": in_registry, "matching: her profile": in_matching,
            "notify: her on lists": on_lists, "notify: her other pair": at_the_desk}  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
