"""Job-promotion districts (일자리진흥지구): proposed from clusters of places, then decided about by an official."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal, get_args
from uuid import UUID, uuid5

from sqlmodel import Session, col, select

from services.registry.cafes.districts import Density, JobPlace, Proposal, propose
from services.registry.cafes.geography import Point, area_within, degrees, inside
from services.registry.cafes.ground import Ground, ground
from services.registry.tables import PromotionDistrict
from shared.clock import KST, now

State = Literal["candidate", "designated", "dissolved"]
STATES: tuple[State, ...] = get_args(State)
NAMESPACE = UUID("6f5f1d0e-6b1e-5a8e-9a53-696c6a617269")
NAMELESS = "이름 없는 곳"


@dataclass
class NotNow(Exception):
    """A step this district cannot take: why, in both languages, and at which field."""

    code: str
    where: str
    message: str
    message_ko: str


@dataclass(frozen=True)
class DistrictFigure:
    """For boards: how many districts are designated, of all that were proposed or designated and not dissolved."""

    designated: int
    living: int


def propose_districts(session: Session, density: Density) -> list[PromotionDistrict]:
    """Replace the candidates by what the places of today say; what was designated or dissolved stays as it is.

    A cluster whose middle lies in a designated district is not proposed again.
    """
    held = ground(session)
    found = propose(held.places, density, whole_area(held))
    standing = [each.outline for each in all_districts(session, "designated")]
    fresh = [proposal for proposal in found if not any(_holds(ring, proposal) for ring in standing)]
    ids = {_id_of(proposal): proposal for proposal in fresh}
    known = {each.district_id: each for each in all_districts(session)}
    for district_id, district in known.items():
        if district.state == "candidate" and district_id not in ids:
            session.delete(district)
    names = _names(list(ids.values()), held)
    for (district_id, proposal), name in zip(ids.items(), names, strict=True):
        if district_id not in known:
            session.add(_candidate(district_id, name, proposal, density, held.sources.get("places", "")))
    session.flush()
    return all_districts(session, "candidate")


def all_districts(session: Session, state: State | None = None) -> list[PromotionDistrict]:
    """The designated first, then candidates, then the dissolved; within each the denser first."""
    wanted = select(PromotionDistrict)
    if state:
        wanted = wanted.where(PromotionDistrict.state == state)
    rank = {"designated": 0, "candidate": 1, "dissolved": 2}
    return sorted(session.exec(wanted), key=lambda each: (rank[each.state], -each.evidence["count"], each.name))


def designate(  # noqa: PLR0913 - a decision and who made it
    session: Session, district: PromotionDistrict, on: date, *, name: str, reason: str, who: str
) -> None:
    """후보 → 지정."""
    _step(district, "candidate", "designated", on, district.proposed_on)
    taken = select(PromotionDistrict).where(
        PromotionDistrict.state == "designated", PromotionDistrict.name == (name or district.name)
    )
    if session.exec(taken).first():
        raise NotNow("NAME_TAKEN", "name", "Another district bears this name.", "같은 이름의 지구가 있습니다.")
    district.name = name or district.name
    district.state, district.designated_on, district.reason, district.decided_by = "designated", on, reason, who
    session.add(district)


def dissolve(session: Session, district: PromotionDistrict, on: date, *, reason: str, who: str) -> None:
    """지정 → 해제; with a reason, since people were told of it."""
    if not reason:
        raise NotNow("REASON_NEEDED", "reason", "Say why it is dissolved.", "해제하는 이유를 적어 주세요.")
    _step(district, "designated", "dissolved", on, district.designated_on or district.proposed_on)
    district.state, district.dissolved_on, district.reason, district.decided_by = "dissolved", on, reason, who
    session.add(district)


def district_figure(session: Session) -> DistrictFigure:
    states = list(session.exec(select(PromotionDistrict.state).where(col(PromotionDistrict.state) != "dissolved")))
    return DistrictFigure(states.count("designated"), len(states))


def lies_in(district: PromotionDistrict, points: Sequence[Point]) -> list[bool]:
    """Which points lie within its outline."""
    return [bool(one) for one in inside(degrees(points), [district.outline])] if points else []


def shown(district: PromotionDistrict) -> dict[str, Any]:
    """A district as programs read it."""
    return district.model_dump(mode="json")


def whole_area(held: Ground) -> float | None:
    """Square metres within the boundaries that were brought; None where none were."""
    return sum(area_within(each.rings) for each in held.boundaries) or None


def _step(district: PromotionDistrict, source: State, target: State, on: date, earliest: date) -> None:
    if district.state != source:
        raise NotNow(
            "STATE_WRONG", "state",
            f"Only what is {source} can be {target}; this is {district.state}.",
            f"{_KOREAN[source]} 상태에서만 {_KOREAN[target]}할 수 있습니다. 지금은 {_KOREAN[district.state]}입니다.",
        )  # fmt: skip
    today = now().astimezone(KST).date()
    if not earliest <= on <= today:
        raise NotNow(
            "DATE_WRONG", "on",
            f"The day lies from {earliest} to today, {today}.", f"날짜는 {earliest}부터 오늘({today})까지입니다.",
        )  # fmt: skip


_KOREAN = {"candidate": "후보", "designated": "지정", "dissolved": "해제"}


def _id_of(proposal: Proposal) -> UUID:
    members = "\n".join(
        f"{each.kind}|{each.name}|{each.point.latitude}|{each.point.longitude}" for each in proposal.places
    )
    return uuid5(NAMESPACE, members)


def _holds(ring: Any, proposal: Proposal) -> bool:
    return bool(inside(degrees([each.point for each in proposal.places]).mean(axis=0)[None, :], [ring])[0])


def _names(proposals: list[Proposal], held: Ground) -> list[str]:
    """After the administrative district most of its places lie in, numbered where several do."""
    homes = [_home(proposal.places, held) for proposal in proposals]
    return [
        f"{home} {homes[: index + 1].count(home)}" if homes.count(home) > 1 else home
        for index, home in enumerate(homes)
    ]


def _home(places: Sequence[JobPlace], held: Ground) -> str:
    told = [place.district for place in places if place.district]
    if not told:
        where = degrees([place.point for place in places])
        told = [each.name for each in held.boundaries for _ in range(int(inside(where, each.rings).sum()))]
    return max(sorted(set(told)), key=told.count, default=NAMELESS)


def _candidate(district_id: UUID, name: str, proposal: Proposal, density: Density, source: str) -> PromotionDistrict:
    evidence = {
        "count": len(proposal.places),
        "by_kind": proposal.by_kind,
        "square_metres": round(proposal.square_metres),
        "per_square_kilometre": round(proposal.per_square_kilometre, 1),
        "background": round(proposal.background, 2),
        "times": round(proposal.times, 1),
        "density": asdict(density),
        "source": source,
        "places": [asdict(place) for place in proposal.places],
    }
    return PromotionDistrict(
        district_id=district_id, name=name, state="candidate", outline=[list(corner) for corner in proposal.outline],
        evidence=evidence, proposed_on=now().astimezone(KST).date(),
    )  # fmt: skip
