"""How news reads: a sentence for each message on a page, and the words of a mail or a webhook made of a digest's."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer
from sqlmodel import Session

from services.notify.delivery.categories import CHANNELS, KINDS, Category, Channel, Recipient
from services.notify.delivery.channels import Letter
from services.notify.delivery.digests import recipient_of
from services.notify.match_lists import EveryCafe, for_posting
from services.notify.settings import NotifySettings
from services.notify.tables import Delivery, KeptPosting, Message, PostingCard, SeekerCard, SessionCard
from shared.contracts import Money
from shared.web import figures, firm_links
from shared.web.catalogue import LANGUAGES, Language, say

VOID_WITHOUT_POSTING = ("match.new", "pair.proposed", "agency.candidates")
"""News that is none once its posting is gone."""
OFFERS = ("match.new", "pair.proposed", "advert.program")
"""News that is none for someone who no longer looks for work."""
LIST_UNSUBSCRIBE_POST = "List-Unsubscribe=One-Click"


@dataclass(frozen=True)
class Choice:
    """What a link to unsubscribe is for."""

    recipient: Recipient
    category: Category
    channel: Channel


def still_true(session: Session, message: Message) -> bool:
    """Whether it may still be told: what was withdrawn meanwhile is not."""
    if message.code in VOID_WITHOUT_POSTING and message.about_id:
        posting = session.get(PostingCard, message.about_id)
        if posting is None or not posting.live:
            return False
    if message.code in OFFERS and message.recipient == "seeker":
        seeker = session.get(SeekerCard, message.recipient_id)
        return seeker is not None and seeker.live
    return True


def sentence(session: Session, message: Message, language: Language) -> str:
    """What the message says."""
    return say(language, f"message.{message.code}", **_values(session, message, language))


def letter_of(
    session: Session, delivery: Delivery, messages: Sequence[Message], settings: NotifySettings
) -> tuple[str, str]:
    """Subject and body, as they stay from the first attempt on."""
    if delivery.channel == "webhook":
        return delivery.category, json.dumps(_document(session, delivery, messages), ensure_ascii=False)
    return _subject(delivery, messages), _body(session, delivery, messages, settings)


def headers_of(delivery: Delivery, settings: NotifySettings) -> Mapping[str, str]:
    """The headers by which a mail program offers to unsubscribe with one click (RFC 8058)."""
    if not _may_stop(delivery):
        return {}
    return {
        "List-Unsubscribe": f"<{unsubscribe_link(_choice(delivery), settings)}>",
        "List-Unsubscribe-Post": LIST_UNSUBSCRIBE_POST,
    }


def as_letter(delivery: Delivery, settings: NotifySettings) -> Letter:
    """What goes to a channel."""
    headers = headers_of(delivery, settings) if delivery.channel == "email" else {}
    return Letter(delivery.delivery_id, delivery.category, delivery.subject or "", delivery.body or "", headers)


def unsubscribe_link(choice: Choice, settings: NotifySettings) -> str:
    words = [choice.recipient.kind, str(choice.recipient.id), choice.category, choice.channel]
    return f"{settings.public_url}/unsubscribe/{_signer(settings).dumps(words)}"


def choice_of(token: str, settings: NotifySettings) -> Choice | None:
    """What a link is for; None for one that we did not make."""
    try:
        kind, recipient_id, category, channel = _signer(settings).loads(token)
        if category in KINDS and channel in CHANNELS[kind]:
            return Choice(Recipient(kind, UUID(recipient_id)), category, channel)
    except (BadSignature, ValueError, TypeError, KeyError):
        pass
    return None


def _signer(settings: NotifySettings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.session_key.get_secret_value(), salt="iljari.unsubscribe")


def _subject(delivery: Delivery, messages: Sequence[Message]) -> str:
    words = say("ko", f"mail.subject.{delivery.category}", count=len(messages))
    # Information and Communications Network Act, decree: the mark stands at the beginning of the subject.
    return f"(광고) {words}" if _rules(delivery).rule_class == "advert" else words


def _body(session: Session, delivery: Delivery, messages: Sequence[Message], settings: NotifySettings) -> str:
    parts = [_in_language(session, delivery, messages, settings, language) for language in LANGUAGES]
    feet = [_foot(delivery, settings, language) for language in LANGUAGES]
    return "\n\n".join([*parts, "--", *feet]) + "\n"


def _in_language(
    session: Session, delivery: Delivery, messages: Sequence[Message], settings: NotifySettings, language: Language
) -> str:
    lines = [f"· {sentence(session, message, language)}" for message in messages]
    where = say(language, f"mail.where.{delivery.recipient}", link=_link(delivery, settings))
    return "\n".join([say(language, "mail.greeting"), "", *lines, "", where])


def _link(delivery: Delivery, settings: NotifySettings) -> str:
    """Where to look further: a firm has no account, its link is its way in."""
    if delivery.recipient == "firm":
        return firm_links.address(settings, delivery.recipient_id)
    return f"{settings.public_url}/inbox"


def _foot(delivery: Delivery, settings: NotifySettings, language: Language) -> str:
    who = say(language, "mail.sender", name=settings.sender_name, contact=settings.sender_contact)
    if not _may_stop(delivery):
        return who
    stop = say(language, "mail.unsubscribe", link=unsubscribe_link(_choice(delivery), settings))
    return f"{who}\n{stop}"


def _document(session: Session, delivery: Delivery, messages: Sequence[Message]) -> dict[str, Any]:
    """A webhook's body: what happened and counts; never who it is about."""
    items = [
        {
            "code": each.code,
            "posting_id": str(each.about_id) if each.about_id else None,
            **each.told,
            **_count(session, each),
        }
        for each in messages
    ]
    return {
        "type": f"iljari.{delivery.category}",
        "timestamp": delivery.made_at.isoformat(),
        "data": {"agency_id": str(delivery.recipient_id), "items": items},
    }


def _count(session: Session, message: Message) -> dict[str, int]:
    if message.code != "agency.candidates" or message.about_id is None:
        return {}
    posting = session.get(PostingCard, message.about_id)
    return {"count": len(for_posting(session, posting, EveryCafe())) if posting else 0}


def _values(session: Session, message: Message, language: Language) -> dict[str, Any]:
    """All that any sentence may need; what is not known reads as such."""
    unknown = say(language, "message.unknown")
    posting = session.get(PostingCard, message.about_id) if message.about_id else None
    course = session.get(SessionCard, message.about_id) if message.about_id else None
    values: dict[str, Any] = {
        "title": unknown,
        "employer": unknown,
        "place": unknown,
        "wage": unknown,
        "interview_on": unknown,
        "due_on": unknown,
        "starts_at": unknown,
        "source_ref": unknown,
        "state": "",
        "codes": "",
        "category": "",
    }
    if course:
        values |= {"title": course.title, "starts_at": _moment(course.starts_at, language) or unknown}
    if kept := session.get(KeptPosting, message.about_id) if message.about_id else None:
        values |= {"title": kept.title, "employer": kept.employer}
    if posting:
        wage = figures.wage(Money.model_validate(posting.wage), language) if posting.wage else ""
        values |= {"title": posting.title or values["title"], "employer": posting.employer or values["employer"]}
        values |= {"place": posting.place or unknown, "wage": wage or unknown}
    values |= {name: _shown(name, value, language) for name, value in message.told.items()}
    return values | _count(session, message)


def _shown(name: str, value: Any, language: Language) -> Any:
    if name.endswith("_at"):
        return _moment(datetime.fromisoformat(value), language)
    if name.endswith("_on"):
        return figures.day(date.fromisoformat(value), language)
    if name == "state":
        return say(language, f"state.{value}")
    if name == "category":
        return say(language, f"category.{value}")
    return ", ".join(value) if isinstance(value, list) else value


def _moment(instant: datetime | None, language: Language) -> str:
    return figures.moment(instant, language) if instant else ""


def _choice(delivery: Delivery) -> Choice:
    return Choice(recipient_of(delivery), delivery.category, delivery.channel)  # type: ignore[arg-type]


def _rules(delivery: Delivery) -> Any:
    category: Category = delivery.category  # type: ignore[assignment]
    return KINDS[category]


def _may_stop(delivery: Delivery) -> bool:
    return bool(_rules(delivery).may_stop)
