"""The pages that tell what became of things: where referrals stand, and what is different since yesterday."""

from datetime import datetime, time, timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.notify import following, referrals
from services.notify.answers import AWAITING_RESULT
from services.notify.desk import shown
from services.notify.desk.asked import AskedReferrals
from services.notify.desk.at_desk import AtDesk, Desk, PageNumber, reach_of
from services.notify.following import VIEWS
from shared.clock import KST
from shared.web import firm_links

YESTERDAY = timedelta(days=1)


def following_pages(at: Desk) -> APIRouter:
    router = APIRouter(prefix="/desk", include_in_schema=False)

    @router.get("/referrals")
    async def states(request: Request, who: AtDesk, asked: AskedReferrals) -> Response:
        reach, account_id, view, page = reach_of(who, asked.cafe), asked.account(who), asked.view, asked.page
        found = await at.read(lambda session: following.followed(session, reach, view, account_id, page))
        values = {
            "found": found.referrals,
            "more": found.more,
            "page": page,
            "view": view,
            "views": VIEWS,
            "whose": asked.whose,
            "cafe": asked.cafe,
            "cafes": await at.cafes(request, who),
            "counts": await at.read(lambda session: following.counts(session, reach, account_id)),
            "waiting": await at.read(lambda session: following.being_recorded(session, account_id))
            if account_id
            else 0,
            "mails": await at.read(lambda session: following.mails_to_firms(session, found.referrals)),
            "awaited": AWAITING_RESULT,
            "firm_address": lambda posting_id: firm_links.address(at.settings, posting_id),
            "answers": shown.ANSWERS,
            "asks_day": shown.ASKS_DAY,
            "asks_reason": shown.ASKS_REASON,
        }
        return await at.show(request, "referrals", who, [it.row.seeker_id for it in found.referrals], **values)

    @router.get("/changes")
    async def changes(request: Request, who: AtDesk, cafe: str = "", page: PageNumber = 1) -> Response:
        reach, day = reach_of(who, cafe), referrals.today() - YESTERDAY
        since = datetime.combine(day, time.min, KST)
        account_id = who.account_id if who.role == "counselor" else None
        moved = await at.read(lambda session: following.moved_since(session, reach, since, account_id))
        changed, more = await at.read(lambda session: following.lists_changed_since(session, reach, day, page))
        values = {
            "moved": moved,
            "changed": changed,
            "more": more,
            "page": page,
            "since": day,
            "postings": await at.read(lambda session: following.postings_of(session, changed)),
            "cafe": cafe,
            "cafes": await at.cafes(request, who),
        }
        ids = [*(it.row.seeker_id for it in moved), *(it.seeker.seeker_id for it in changed)]
        return await at.show(request, "changes", who, ids, **values)

    return router
