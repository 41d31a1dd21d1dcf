"""What does the demo city look like on a given day? The same for everyone who asks on that day."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from deploy.demo.city import City, Fault, Posting, Seeker
from deploy.demo.invent_postings import Inventor
from deploy.demo.invent_seekers import SeekerInventor
from deploy.demo.vocabulary import AgencyWords, city_words, trades
from shared.contracts import Money, PostingFacts, SeekerFacts

POSTINGS = 474
SEEKERS = 320
SEED = "iljari demo city"
SHEET_AGENCY, ITS_NEIGHBOUR = "neoreunpum", "bareunson"


def make_city(today: date) -> City:
    """The demo city as of a day: dates count from it, everything else stays."""
    words = city_words()
    random = Random(SEED)  # noqa: S311 - the same city every time is the point; nothing here is secret
    inventor = Inventor(words, trades(), today, random)
    postings, faulty = _with_faults(inventor, list(inventor.postings(POSTINGS)))
    seekers, lacking = _with_lacks(list(SeekerInventor(words, trades(), today, random).seekers(SEEKERS)))
    return City(
        today=today,
        password=words.password,
        agencies=words.agencies,
        cafes=words.cafes,
        accounts=words.accounts,
        postings=tuple(postings),
        seekers=tuple(seekers),
        planted=faulty | lacking,
    )


def _with_faults(inventor: Inventor, postings: list[Posting]) -> tuple[list[Posting], dict[Fault, tuple[str, ...]]]:
    """The postings, and behind them copies of some that have one thing wrong each."""
    agencies = {agency.key: agency for agency in inventor.words.agencies}
    sender, neighbour = agencies[SHEET_AGENCY], agencies[ITS_NEIGHBOUR]
    models = [each for each in postings if each.trade in _of_both(agencies)]
    own = [each for each in models if each.agency_key == SHEET_AGENCY]

    def faulty(agency: AgencyWords, model: Posting, **changes: object) -> Posting:
        changes |= {"source_ref": inventor.next_reference(agency), "agency_id": agency.agency_id}
        return Posting(agency.key, model.trade, PostingFacts.model_validate(dict(model.facts) | changes))

    def another(occupation: str, **changes: object) -> Posting:
        model = _take(models, occupation)
        return faulty(sender, model, title=f"{model.facts.title} (추가 모집)", **changes)

    today = inventor.today
    unpaid = another("0263", wage=None)
    underpaid = another("0295", wage=Money(unit="hour", minimum=9_800, maximum=9_800))
    unequal = another("0272", qualification="- 용모단정한 여성 우대\n- 30세 이하\n- 성실하신 분")
    past = another("027", opened_on=today - timedelta(days=40), closes_on=today - timedelta(days=5))
    doubled, shared = own[-1], own[-2]
    echoed = faulty(neighbour, shared)
    planted: dict[Fault, tuple[str, ...]] = {
        "missing wage": (unpaid.source_ref,),
        "wage below the minimum": (underpaid.source_ref,),
        "discriminatory wording": (unequal.source_ref,),
        "past closing date": (past.source_ref,),
        "exact duplicate row": (doubled.source_ref,),
        "same order from two agencies": (shared.source_ref, echoed.source_ref),
    }
    return [*postings, unpaid, underpaid, unequal, past, doubled, echoed], planted


def _take(models: list[Posting], occupation: str) -> Posting:
    """The next of an occupation, each only once."""
    found = next(each for each in models if str(each.facts.occupation_code).startswith(occupation))
    models.remove(found)
    return found


def _of_both(agencies: dict[str, AgencyWords]) -> set[str]:
    return set(agencies[SHEET_AGENCY].trades) & set(agencies[ITS_NEIGHBOUR].trades)


def _with_lacks(seekers: list[Seeker]) -> tuple[list[Seeker], dict[Fault, tuple[str, ...]]]:
    """The seekers, some of whom tell too much, lack a certificate, or live too far away."""
    talkative, uncertified, distant = _first_of_each(seekers)
    for index, contact in zip(
        talkative, ("연락처는 {phone}입니다.", "메일은 {email}로 주세요.", "연락: {phone}, {email}"), strict=True
    ):
        seeker = seekers[index]
        told = contact.format(phone=seeker.phone, email=seeker.email)
        seekers[index] = _changed(seeker, summary=f"{seeker.facts.summary} {told}")
    for index in uncertified:
        seekers[index] = _changed(seekers[index], certificates=())
    for index, home in zip(distant, city_words().far_homes, strict=True):
        facts = seekers[index].facts
        wishes = facts.wishes.model_copy(update={"commute_km": 10.0, "districts": ()})
        seekers[index] = _changed(seekers[index], home=facts.home.model_copy(update={"district": home}), wishes=wishes)
    return seekers, {
        "contact in a summary": _references(seekers, talkative),
        "certificate missing": _references(seekers, uncertified),
        "too far": _references(seekers, distant),
    }


def _first_of_each(seekers: list[Seeker]) -> tuple[list[int], list[int], list[int]]:
    """Whom to change: three, four who can do without a certificate in their story, and four others."""
    able = [i for i, seeker in enumerate(seekers) if (seeker.facts.experience_months or 0) >= 24]
    needing = [i for i in able if any(held.endswith("기능사") for held in seekers[i].facts.certificates)]
    others = [i for i in able if i not in needing]
    return others[::17][:3], needing[::3][:4], others[5::19][:4]


def _changed(seeker: Seeker, **changes: object) -> Seeker:
    return replace(seeker, facts=SeekerFacts.model_validate(dict(seeker.facts) | changes))


def _references(seekers: list[Seeker], indexes: Iterable[int]) -> tuple[str, ...]:
    return tuple(seekers[index].ref for index in indexes)
