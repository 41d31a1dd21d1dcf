"""The counselor's pages under `/counter`: to register who has no phone at hand, and who wants people alone to look."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Engine, or_
from sqlmodel import col, select
from starlette.responses import RedirectResponse, Response

from services.registry.access import not_found
from services.registry.api.custody import address_of, named
from services.registry.intake.findings import refuses
from services.registry.pages.applying import ASKED, Application
from services.registry.people import consents, rights
from services.registry.people.audit import Look
from services.registry.people.seekers import ACTIVE, ERASED, SeekerRow, register
from services.registry.people.vault import Vault
from services.registry.tables import Seeker
from shared.database import transaction
from shared.web.pages import Pages
from shared.web.sign_in import SignedIn, allow, from_our_form

AtCounter = Annotated[SignedIn, Depends(allow("counselor", "operator"))]


def counter_pages(engine: Engine, vault: Vault, pages: Pages) -> APIRouter:
    router = APIRouter(prefix="/counter", include_in_schema=False)

    @router.get("")
    def show(request: Request, who: AtCounter, registered: UUID | None = None) -> Response:
        """Whom no machine may match: those of her cafés, and of none. Her look at their names is recorded."""
        hers = or_(col(Seeker.cafe_id).is_(None), col(Seeker.cafe_id).in_(who.cafes))
        reach = (hers,) if who.role == "counselor" else ()
        wanting = select(Seeker).where(col(Seeker.human_only), Seeker.state != ERASED, *reach)
        look = Look(named(who), "접수 창구 counter, people only", place=address_of(request))
        with transaction(engine) as session:
            seekers = session.exec(wanting.order_by(col(Seeker.changed_at))).all()
            people = vault.read(session, [seeker.seeker_id for seeker in seekers], look)
        waiting = [(one, people[one.seeker_id].name if one.seeker_id in people else "") for one in seekers]
        return pages.show(request, "counter.html", waiting=waiting, registered=registered)

    @router.get("/register")
    def show_form(request: Request, _who: AtCounter) -> Response:
        return form(request, Application())

    @router.post("/register", dependencies=[Depends(from_our_form)])
    def apply(request: Request, who: AtCounter, told: Annotated[Application, Form()]) -> Response:
        with transaction(engine) as session:
            rows = [SeekerRow("counter", told.document())]
            receipt = register(session, rows, None, vault, who.cafe_id, through="counter")[0]
            if receipt.seeker_id is not None:
                look = Look(named(who), "접수 창구 등록 registered at the counter", (), address_of(request), "consent")
                vault.audit.note(session, [receipt.seeker_id], look)
        if receipt.seeker_id is None:
            return form(request, told, findings=receipt.findings)
        return RedirectResponse(f"/counter?registered={receipt.seeker_id}", 303)

    @router.post("/widen", dependencies=[Depends(from_our_form)])
    def widen(
        request: Request,
        who: Annotated[SignedIn, Depends(allow("counselor"))],
        seeker_id: Annotated[UUID, Form()],
        asked: Annotated[Literal["yes", "no"], Form()],
    ) -> Response:
        """She told the counselor that she would also do other work than she wished for, or no longer."""
        look = Look(named(who), "희망 직종 넓히기 wishes widened", ("wishes",), address_of(request), "correct")
        with transaction(engine) as session:
            seeker = session.get(Seeker, seeker_id)
            if seeker is None or seeker.state != ACTIVE or seeker.cafe_id not in (None, *who.cafes):
                raise not_found()
            rights.widen(session, vault, seeker, look, asked=asked == "yes")
        told = "widened" if asked == "yes" else "narrowed"
        return RedirectResponse(f"/desk/seekers/{seeker_id}?told={told}", 303)

    def form(request: Request, told: Application, findings: Any = ()) -> Response:
        texts = [consents.present_texts()[purpose] for purpose in ASKED]
        return pages.show(
            request, "my_application.html", status=422 if refuses(findings) else 200, told=told, texts=texts,
            counter=True, correcting=False, problem="", findings=findings, shortest=0,
        )  # fmt: skip

    return router
