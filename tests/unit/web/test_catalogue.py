"""Both languages say everything, and nothing that nobody asks for."""

import re
from pathlib import Path
from string import Formatter
from typing import get_args

from services.notify.delivery.categories import KINDS as NEWS
from services.notify.delivery.categories import Channel, RecipientKind
from services.notify.delivery.channels import Ending
from services.notify.delivery.windows import Cadence
from services.notify.desk import sheets
from services.notify.desk.bar import TOLD, WRONG
from services.notify.desk.shown import ASKS_DAY
from services.notify.following import VIEWS
from services.notify.surfaces.candidates import SHOWN_TO_FIRM
from services.notify.telling import CODES
from services.registry.benefit.figures import BY_NAME, PARTIES, Counted
from services.registry.board.costs import COSTS
from services.registry.board.program_use import PROGRAMS
from services.registry.board.room_use import USE
from services.registry.cafes.bookings import BookingState
from services.registry.cafes.city_coverage import Of
from services.registry.cafes.districts import KINDS
from services.registry.cafes.enrolments import EnrolmentState
from services.registry.cafes.life_cycle import ORDER, Partnership, VenueType
from services.registry.cafes.partners import ApplicationState
from services.registry.cafes.programs import SessionState
from services.registry.cafes.promotion import STATES
from services.registry.cafes.proposals import ProposalState
from services.registry.intake.asking import Kind, fields_to_ask
from services.registry.ledgers.books import BOOKS
from services.registry.ledgers.half_year import Age
from services.registry.ledgers.wording import COLUMNS
from services.registry.orders.life_cycle import STATES as STATES_OF_ORDERS
from services.registry.orders.life_cycle import Actor, Status
from services.registry.orders.referral_states import Party
from services.registry.pages.cafes import DONE
from services.registry.pages.papers import KINDS as PAPERS
from services.registry.pages.posting_form import FIELDS
from services.registry.pages.program_counter import Seat
from services.registry.pages.staff import Doing
from services.registry.people.audit import Action
from services.registry.people.seekers import ACTIVE, TAKEN_OUT, UNSEEN, LeavingReason
from services.registry.people.vault import ITEMS
from services.registry.plan.contradictions import Rule
from services.registry.plan.derived import EVENT_TYPES
from shared.contracts.envelope import EmploymentType, Money
from shared.contracts.matches import GateName, PartName, ReasonCode
from shared.contracts.referrals import Answer, ReasonGiven, ReferralRecorded, ReferralState, Refusal
from shared.contracts.submissions import Outcome
from shared.web.catalogue import LANGUAGES, say, sentences
from shared.web.sign_in import Role
from shared.web.spoken import NoMatch
from shared.web.ways import WAYS

ROOT = Path(__file__).parents[3]
SAID = re.compile(r'\bsay\(\s*(?:language,\s*)?"(?!ko"|en")([a-z_.-]+)"(\s*~)?')
NAVIGATION = re.compile(r'place_in_navigation\("[^"]+", "([a-z_.]+)"\)')

OCCUPATIONS = [key.partition(".")[2] for key in sentences("ko") if key.startswith("occupation.")]
KEYS = ("next", "previous", "accept", "dismiss", "postpone", "undo", "choose", "help")
MADE_IN_PARTS = {
    *(key for ways in WAYS.values() for _, key in ways),
    *(f"part.{name}" for name in get_args(PartName)),
    *(f"gate.{name}" for name in get_args(GateName)),
    *(f"verdict.{verdict}" for verdict in get_args(NoMatch)),
    *(f"reason.{code}" for code in get_args(ReasonCode)),
    *(f"reason.{code}.terms" for code in get_args(ReasonCode)),
    *(f"employment.{kind}" for kind in get_args(EmploymentType)),
    *(f"wage.unit.{unit}" for unit in get_args(Money.model_fields["unit"].annotation)),
    *(f"field.{name}" for kind in get_args(Kind) for name in fields_to_ask(kind)),
    *(f"field.{name}" for name in ("preferred_skills", "source_url", "closing_note")),
    *(f"agency.about.{field.name}" for field in FIELDS if field.about),
    *(f"agency.status.{status}" for status in get_args(Status) if status != "open"),
    *(f"agency.outcome.{outcome}" for outcome in get_args(Outcome)),
    *(f"agency.unit.{unit}" for unit in get_args(Money.model_fields["unit"].annotation)),
    *(f"weekday.{number}" for number in range(1, 8)),
    *(f"role.{role}" for role in get_args(Role)),
    *(f"my.action.{action}" for action in get_args(Action)),
    *(f"my.item.{item}" for item in ITEMS),
    *(f"my.removed.{code}" for code in TAKEN_OUT),
    *(f"my.state.{state}" for state in ("people", "matched", "not_matched")),
    *(f"mine.state.{state}" for state in get_args(ReferralState) if state not in ("postponed", "reopened")),
    *(f"firm.state.{state}" for state in (*SHOWN_TO_FIRM, "declined")),
    *(f"my.problem.{problem}" for problem in ("too_many", "contact", "known", "cafe")),
    *(f"my.problem.{problem}" for problem in ("password", "password_long", "password_common")),
    *(f"map.{kind}" for kind in (*KINDS, *STATES, "standing", "near", "next", "cell")),
    *(f"coverage.{of}" for of in get_args(Of)),
    *(f"state.{state}" for state in get_args(ReferralState)),
    *(sheets.NAMED, sheets.NAMES_AWAY, sheets.NUMBERED, *sheets.CALLS, *sheets.REFERRALS, "sheet.yes", "sheet.no"),
    *(f"refused.{code}" for code in get_args(Refusal)),
    *(f"given.{reason}" for reason in get_args(ReasonGiven)),
    *(f"answer.{answer}" for answer in get_args(Answer)),
    *(f"answer.day.{answer}" for answer in ASKS_DAY),
    *(f"occupation.{code}" for code in OCCUPATIONS),
    *(f"referrals.by.{who}" for who in get_args(ReferralRecorded.model_fields["decided_by"].annotation)),
    *(f"referrals.{said}.{view}" for said in ("view", "none") for view in VIEWS),
    *(f"done.{told}" for told in TOLD),
    *(f"done.was.{decision}" for decision in ("accepted", "dismissed", "postponed")),
    *(f"wrong.{code}" for code in WRONG),
    *(f"keys.{key}" for key in KEYS),
    *(f"category.{category}" for category in NEWS),
    *(f"mail.subject.{category}" for category in NEWS),
    *(f"channel.{channel}" for channel in get_args(Channel)),
    *(f"recipient.{kind}" for kind in get_args(RecipientKind)),
    *(f"mail.where.{kind}" for kind in get_args(RecipientKind)),
    *(f"preferences.cadence.{cadence}" for cadence in get_args(Cadence)),
    *(f"delivery.{state}" for state in ("waiting", "claimed", "sent", "refused", "failed", "expired")),
    *(f"attempt.{outcome}" for outcome in ("begun", *get_args(Ending))),
    *(f"message.{code}" for code in CODES),
    *(f"cafe.state.{state}" for state in ORDER),
    *(f"partners.state.{state}" for state in get_args(ApplicationState)),
    *(f"partners.do.{state}" for state in get_args(ApplicationState) if state != "received"),
    *(f"partners.call.{state}" for state in ("ahead", "open", "closed")),
    *(f"rooms.state.{state}" for state in get_args(BookingState)),
    *(f"rooms.done.{done}" for done in DONE),
    *(f"counter.doing.{doing}" for doing in get_args(Doing)),
    *(f"paper.{kind}" for kind in PAPERS),
    *(f"programs.state.{state}" for state in get_args(EnrolmentState)),
    *(f"counter.session_state.{state}" for state in get_args(SessionState)),
    *(f"cafe.venue_type.{kind}" for kind in get_args(VenueType)),
    *(f"cafe.partnership.{kind}" for kind in get_args(Partnership)),
    *(f"counter.seat.{doing}" for doing in get_args(Seat)),
    *(f"season.state.{state}" for state in get_args(ProposalState)),
    *(f"ledger.book.{book}" for book in BOOKS),
    *(f"ledger.column.{name}" for names in COLUMNS.values() for name in names),
    *(f"ledger.order.{state}" for state in STATES_OF_ORDERS),
    *(f"ledger.seeker.{state}" for state in (ACTIVE, UNSEEN, *get_args(LeavingReason))),
    *(f"ledger.half_year.age.{age}" for age in get_args(Age)),
    *(f"ledger.by.{hand}" for hand in {*get_args(Actor), *get_args(Party)}),
    *(f"figure.{name}" for name in BY_NAME),
    *(f"figure.{name}.told" for name in BY_NAME),
    *(f"benefit.party.{party}" for party in PARTIES),
    *(f"benefit.by.{by}" for by in ("quarter", "cafe", "district", "agency")),
    *(f"benefit.bar.{name}" for name in ("people_proposed", "people_referred", "people_hired")),
    *(f"benefit.row.{counted}" for counted in get_args(Counted)),
    *(f"figure.{name}" for name in (*USE, *PROGRAMS, *COSTS)),
    *(f"figure.{name}.told" for name in (*USE, *PROGRAMS, *COSTS)),
    *(f"board.row.{label}" for label in ("plan_entry", "booking", "room_use", "program_session", "referral_id")),
    *(f"plan.{name}" for name in ("planned", "actual", "events", "work", "support")),
    *(f"plan.type.{kind}" for kind in EVENT_TYPES),
    *(f"plan.rule.{rule}" for rule in get_args(Rule)),
    "sign_in.wrong",
    "sign_in.too_many",
}
"""Keys whose last part is a value of a contract."""
OPTIONAL = {f"reason.{code}.terms" for code in get_args(ReasonCode)} | {"role.service"}


def asked_for() -> set[str]:
    sources = [*ROOT.glob("shared/web/**/*.py"), *ROOT.glob("services/**/*.py")]
    sources += [*ROOT.glob("shared/web/**/*.html"), *ROOT.glob("services/**/*.html")]
    texts = [source.read_text("utf-8") for source in sources]
    whole = {key for text in texts for key, continued in SAID.findall(text) if not continued}
    return whole | {key for text in texts for key in NAVIGATION.findall(text)}


def test_both_languages_have_the_same_sentences() -> None:
    korean, english = (sentences(language).keys() for language in LANGUAGES)
    assert korean == english


def test_both_languages_set_in_the_same_values() -> None:
    def values(sentence: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(sentence) if name}

    differing = {
        key
        for key in sentences("ko")
        if values(sentences("ko")[key]) != values(sentences("en")[key])
        and key != "figure.day"  # months have names there
    }
    assert differing == set()


def test_nothing_that_is_asked_for_is_missing() -> None:
    assert asked_for() | (MADE_IN_PARTS - OPTIONAL) <= sentences("ko").keys()


def test_no_sentence_is_unused() -> None:
    plain = {key.removesuffix(".one") for key in sentences("ko")}
    assert plain - asked_for() - MADE_IN_PARTS == set()


def test_no_sentence_stands_in_a_template() -> None:
    hangul = re.compile(r"[가-힣]")
    templates = [*ROOT.glob("shared/web/**/*.html"), *ROOT.glob("services/**/*.html")]
    assert templates
    spoken = {path.name for path in templates if hangul.search(path.read_text("utf-8").replace("한국어", ""))}
    assert spoken == set()


def test_a_count_of_one_has_its_own_words() -> None:
    assert say("en", "calls.count", count=1) == "1 person"
    assert say("en", "calls.count", count=1_234) == "1,234 people"


def test_no_sentence_leaves_the_choice_of_a_particle_to_its_reader() -> None:
    left = re.compile(r"[은을이과]\([는를가와]\)|\(으\)로")
    assert not [key for key, sentence in sentences("ko").items() if left.search(sentence)]
