"""The counselor's page of a posting's link: to hand it to the firm, and to end all that were handed over."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from services.notify import signed_links
from services.notify.surfaces.surface import Surface, id_of, not_found
from services.notify.tables import FirmLinksEnded, KeptPosting
from shared.web import firm_links
from shared.web.sign_in import SignedIn, allow, from_our_form

Handing = Annotated[SignedIn, Depends(allow("counselor", "operator"))]


def link_pages(at: Surface) -> APIRouter:
    router = APIRouter(prefix="/desk/postings/{posting_id}/firm-link", include_in_schema=False)

    @router.get("")
    async def show(request: Request, _who: Handing, posting_id: str) -> Response:
        posting = await kept(posting_id)
        ended = await at.read(lambda session: session.get(FirmLinksEnded, posting.posting_id))
        address = firm_links.address(at.settings, posting.posting_id)
        days = at.settings.firm_link_days
        return at.pages.show(request, "firm_link.html", posting=posting, ended=ended, address=address, days=days)

    @router.post("/end", dependencies=[Depends(from_our_form)])
    async def end(who: Handing, posting_id: str) -> Response:
        posting = await kept(posting_id)
        await at.write(lambda session: signed_links.end(session, posting.posting_id, who.label))
        return RedirectResponse(f"/desk/postings/{posting.posting_id}/firm-link", 303)

    async def kept(posting_id: str) -> KeptPosting:
        asked = id_of(posting_id)
        found = await at.read(lambda session: session.get(KeptPosting, asked))
        if found is None:
            raise not_found()
        return found

    return router
