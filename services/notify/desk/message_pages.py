"""The pages of what people are told: the inbox, what they want to hear, one click to stop, and what was delivered."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Depends, Form, Query, Request
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse, Response

from services.notify.delivery import messages, wording
from services.notify.delivery.categories import CHANNELS, Recipient, kinds_for
from services.notify.delivery.messages import News, tell
from services.notify.delivery.preferences import choices, choose, habit_of, set_habit
from services.notify.delivery.sending import figures, send_again
from services.notify.delivery.windows import CADENCES, Cadence
from services.notify.delivery.wording import choice_of, sentence
from services.notify.settings import NotifySettings
from services.notify.tables import Attempt, Delivery
from shared.clock import now
from shared.database import reading, transaction
from shared.web.pages import Pages, language_of
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, allow, from_our_form

T = TypeVar("T")

DELIVERIES_SHOWN = 50
MAIL_SHOWN = 50
ENDED = ("sent", "refused", "failed", "expired")

Told = Annotated[SignedIn, Depends(allow("seeker", "counselor", "agency"))]
Accountable = Annotated[SignedIn, Depends(allow("operator", "agency"))]
PageNumber = Annotated[int, Query(ge=1, le=500)]


def recipients_of(who: SignedIn) -> list[Recipient]:
    """In whose name someone reads: a counselor for her café, an agency's clerk for the agency."""
    if who.role == "seeker":
        return [Recipient("seeker", who.seeker_id)] if who.seeker_id else []
    if who.role == "agency":
        return [Recipient("agency", who.agency_id)] if who.agency_id else []
    return [Recipient("counselor", cafe_id) for cafe_id in who.cafes]


def message_pages(engine: Engine, pages: Pages, settings: NotifySettings) -> APIRouter:  # noqa: PLR0915 - the list of pages
    router = APIRouter(include_in_schema=False)

    async def ask(question: Callable[[Session], T]) -> T:
        def read() -> T:
            with reading(engine) as session:
                return question(session)

        return await to_thread.run_sync(read)

    async def change(act: Callable[[Session], T]) -> T:
        def write() -> T:
            with transaction(engine) as session:
                return act(session)

        return await to_thread.run_sync(write)

    @router.get("/inbox")
    async def inbox(request: Request, who: Told, page: PageNumber = 1) -> Response:
        theirs, language = recipients_of(who), language_of(request)

        def question(session: Session) -> dict[str, Any]:
            found = messages.in_inbox(session, theirs, page)
            shown = [(each, sentence(session, each, language)) for each in found[: messages.PAGE_SIZE]]
            return {"shown": shown, "more": len(found) > len(shown), "unread": messages.count_unread(session, theirs)}

        return pages.show(request, "inbox.html", page=page, **await ask(question))

    @router.post("/inbox/read", dependencies=[Depends(from_our_form)])
    async def read(who: Told, message_id: Annotated[UUID | None, Form()] = None) -> Response:
        await change(lambda session: messages.mark_read(session, recipients_of(who), message_id))
        return RedirectResponse("/inbox", 303)

    @router.get("/preferences")
    async def preferences(request: Request, who: Told) -> Response:
        recipient = only(recipients_of(who))

        def question(session: Session) -> dict[str, Any]:
            return {"choices": choices(session, recipient), "habit": habit_of(session, recipient)}

        ways = CHANNELS[recipient.kind]
        shown: dict[str, Any] = {"kinds": kinds_for(recipient.kind), "channels": ways, "cadences": CADENCES}
        saved = request.query_params.get("saved") == "yes"
        return pages.show(request, "preferences.html", saved=saved, **shown, **await ask(question))

    @router.post("/preferences", dependencies=[Depends(from_our_form)])
    async def choose_preferences(
        who: Told,
        cadence: Annotated[Cadence, Form()] = "daily",
        at_night: Annotated[bool, Form()] = False,
        wanted: Annotated[Sequence[str], Form()] = (),
    ) -> Response:
        recipient, ticked = only(recipients_of(who)), set(wanted)

        def act(session: Session) -> None:
            set_habit(session, recipient, cadence, at_night=at_night)
            for category, channel in choices(session, recipient):
                choose(session, recipient, category, channel, wanted=f"{category}.{channel}" in ticked)

        await change(act)
        return RedirectResponse("/preferences?saved=yes", 303)

    @router.get("/unsubscribe/{token}")
    async def ask_to_stop(request: Request, token: str) -> Response:
        """Only asks: programs that look at every link of a mail must not unsubscribe anybody."""
        return pages.show(request, "unsubscribe.html", choice=known(token, settings), token=token, done=False, at=now())

    @router.post("/unsubscribe/{token}")
    async def stop(request: Request, token: str) -> Response:
        """Stops at once, without signing in (RFC 8058): the link itself is the proof."""
        choice = known(token, settings)

        def act(session: Session) -> None:
            if choose(session, choice.recipient, choice.category, choice.channel, wanted=False):
                told = {"category": choice.category, "stopped_at": now()}
                key = f"{choice.category}|{choice.channel}|{now():%FT%T.%f}"
                tell(session, [News(choice.recipient, "confirmations", "stopped", key, told=told)])

        await change(act)
        return pages.show(request, "unsubscribe.html", choice=choice, token=token, done=True, at=now())

    @router.get("/deliveries")
    async def deliveries(request: Request, who: Accountable, page: PageNumber = 1, state: str = "") -> Response:
        def question(session: Session) -> dict[str, Any]:
            wanted = select(Delivery).where(*within(who), *([Delivery.state == state] if state else []))
            newest = wanted.order_by(col(Delivery.made_at).desc(), col(Delivery.delivery_id))
            found = session.exec(newest.offset((page - 1) * DELIVERIES_SHOWN).limit(DELIVERIES_SHOWN + 1)).all()
            ids = [each.delivery_id for each in found]
            tried = session.exec(select(Attempt).where(col(Attempt.delivery_id).in_(ids)).order_by(col(Attempt.number)))
            attempts: dict[UUID, list[Attempt]] = {}
            for one in tried:
                attempts.setdefault(one.delivery_id, []).append(one)
            counts = figures(session) if who.role == "operator" else {}
            more = len(found) > DELIVERIES_SHOWN
            return {"shown": found[:DELIVERIES_SHOWN], "more": more, "attempts": attempts, "counts": counts}

        return pages.show(request, "deliveries.html", page=page, state=state, ended=ENDED, **await ask(question))

    @router.post("/deliveries/{delivery_id}/again", dependencies=[Depends(from_our_form)])
    async def again(who: Accountable, delivery_id: UUID) -> Response:
        """Bring it once more, under the same id: who has taken it before knows it again."""

        def act(session: Session) -> bool:
            row = session.exec(select(Delivery).where(Delivery.delivery_id == delivery_id, *within(who))).first()
            if row is None:
                return False
            if row.state in ENDED:
                send_again(session, row)
            return True

        if not await change(act):
            raise nothing_here()
        return RedirectResponse("/deliveries", 303)

    @router.get("/demo-mail")
    async def demo_mail(request: Request) -> Response:
        """The letters that a catcher has caught, for demonstrations; there is none elsewhere."""
        if settings.mail_caught_in is None:
            raise nothing_here()
        return pages.show(request, "demo_mail.html", letters=await to_thread.run_sync(caught, settings.mail_caught_in))

    return router


def within(who: SignedIn) -> list[Any]:
    """The deliveries that someone may see: an operator all, an agency its own."""
    if who.role == "operator":
        return []
    return [col(Delivery.recipient) == "agency", col(Delivery.recipient_id) == who.agency_id]


def known(token: str, settings: NotifySettings) -> wording.Choice:
    choice = choice_of(token, settings)
    if choice is None:
        raise nothing_here()
    return choice


def only(recipients: Sequence[Recipient]) -> Recipient:
    if not recipients:
        raise Problem(
            404,
            "NOBODY_TOLD",
            "You look after no café, so nothing is sent to you.",
            "맡은 카페가 없어 보내 드리는 알림이 없습니다.",
        )
    return recipients[0]


def nothing_here() -> Problem:
    return Problem(404, "NOT_FOUND", "There is nothing here.", "찾으시는 것이 없습니다.")


def caught(folder: Path) -> list[dict[str, str]]:
    """The newest letters in the folder, read for showing."""
    from email import message_from_bytes
    from email.policy import default

    files = sorted(folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns, reverse=True)[:MAIL_SHOWN]
    letters = []
    for file in files:
        letter = message_from_bytes(file.read_bytes(), policy=default)
        body = letter.get_body(("plain",))
        headers = {name: str(letter.get(name, "")) for name in ("From", "To", "Subject", "Date", "Message-ID")}
        letters.append(headers | {"body": body.get_content() if body else ""})
    return letters
