"""The papers that go with referrals, under `/papers`: pages made for the printer, one or a batch chosen at the desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, get_args
from uuid import UUID

import segno
from fastapi import APIRouter, Depends, Query, Request
from markupsafe import Markup
from sqlalchemy import Engine
from starlette.responses import Response

from services.registry.access import not_found
from services.registry.api.custody import address_of, named
from services.registry.ledgers.papers import Slip, papers
from services.registry.orders.postings import today
from services.registry.orders.referral_states import EMPLOYED
from services.registry.people.audit import Look
from services.registry.people.vault import Vault
from shared.database import transaction
from shared.settings import ServiceSettings
from shared.web import firm_links
from shared.web.catalogue import Language, say
from shared.web.pages import Pages, language_of
from shared.web.sign_in import SignedIn, allow, settings_of

Printer = Annotated[SignedIn, Depends(allow("counselor", "agency", "operator"))]
Kind = Literal["referral-letters", "referral-list", "result-notice"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MOST = 100
Ids = Annotated[str, Query(min_length=1, max_length=37 * MOST)]


def paper_pages(engine: Engine, vault: Vault, pages: Pages) -> APIRouter:
    router = APIRouter(prefix="/papers", include_in_schema=False)

    @router.get("/referral/{referral_id}")
    def letter(request: Request, referral_id: UUID, who: Printer) -> Response:
        """알선장 of one referral."""
        return page(request, who, "referral-letters", [referral_id])

    @router.get("/{kind}")
    def batch(request: Request, kind: Kind, who: Printer, ids: Ids) -> Response:
        """알선장, 알선자명단 or 채용결과통보서 of several, their ids apart by commas."""
        return page(request, who, kind, _ids_of(ids))

    def page(request: Request, who: SignedIn, kind: Kind, ids: Sequence[UUID]) -> Response:
        look = Look(named(who), f"{say('ko', f'paper.{kind}')} 인쇄 printed", (), address_of(request))
        with transaction(engine) as session:
            printed = papers(session, vault, who, ids, look)
        language = language_of(request)
        return pages.show(
            request,
            f"paper_{kind.partition('-')[2]}.html",
            kind=kind,
            kinds=KINDS,
            ids=",".join(map(str, ids)),
            papers=printed,
            hired=EMPLOYED | {"left"},
            printed_on=today(),
            way_in=lambda slip: way_in(who, settings_of(request), slip, language),
        )

    return router


@dataclass(frozen=True)
class WayIn:
    """Where the firm tells the result, to be read and to be scanned."""

    address: str
    code: Markup


def way_in(who: SignedIn, settings: ServiceSettings, slip: Slip, language: Language) -> WayIn | None:
    """The firm's own link; not on what an agency prints, for it leads to people whom the agency may not know."""
    if who.role == "agency":
        return None
    address = firm_links.address(settings, slip.row.posting_id)
    title = say(language, "paper.way_in_code")
    drawn = segno.make(address, error="m").svg_inline(scale=2, light="#fff", title=title)
    return WayIn(address, Markup(drawn))  # noqa: S704 - drawn of an address of ours


def _ids_of(text: str) -> list[UUID]:
    try:
        ids = [UUID(one) for one in text.split(",")]
    except ValueError:
        raise not_found() from None
    return ids[:MOST]
