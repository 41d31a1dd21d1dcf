"""The history of proofs as a page, and a press that makes one: `/matching/proofs`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Engine
from starlette.responses import RedirectResponse, Response

from services.matching.api.proofs import SHOWN, Operator, shown
from services.matching.proof import proofs
from shared.database import reading, transaction
from shared.web.pages import Pages
from shared.web.sign_in import from_our_form


def proof_pages(engine: Engine, shard_count: int, pages: Pages) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/matching/proofs")
    def show_proofs(request: Request, _who: Operator) -> Response:
        with reading(engine) as session:
            return pages.show(request, "proofs.html", proofs=tuple(map(shown, proofs.newest(session, SHOWN))))

    @router.post("/matching/proofs", dependencies=[Depends(from_our_form)])
    def ask_on_page(_who: Operator, repair: Annotated[bool, Form()] = False) -> Response:
        with transaction(engine) as session:
            proofs.ask(session, shard_count, repair=repair)
        return RedirectResponse("/matching/proofs", 303)

    return router
