"""The seeker's own pages under `/me`: to apply, to see what is held and who looked, and to use every right."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from services.registry.api.custody import address_of
from services.registry.cafes.places import nearest_to, running_cafes
from services.registry.intake.documents import Purpose, check_seeker
from services.registry.intake.findings import refuses
from services.registry.ledgers.lines import day_of
from services.registry.orders.agencies import all_agencies
from services.registry.pages.applying import ASKED, Application, as_filled_in
from services.registry.people import consents, passwords, rights
from services.registry.people.accounts import (
    AccountExists,
    WrongAttempts,
    add_account,
    login_of,
    plain_contact,
    signed_in_as,
)
from services.registry.people.audit import Action, Look, rows_about
from services.registry.people.consents import Ground, Matter
from services.registry.people.erasure import ErasureRecord, erase
from services.registry.people.seekers import SeekerRow, register
from services.registry.people.vault import ITEMS, Person, Vault
from services.registry.settings import RegistrySettings
from services.registry.tables import Account, KeptByLaw, Seeker
from shared.contracts import Finding, SeekerFacts
from shared.database import reading, transaction
from shared.web import sign_in as session_cookie
from shared.web.catalogue import Language, occupation_name
from shared.web.pages import Pages, language_of
from shared.web.problems import Problem
from shared.web.sign_in import SignedIn, allow, from_our_form

LABEL = "구직자"
SHOWN_LOOKS = 50
HERSELF = Ground("consent", "herself")

SeekerAlone = Annotated[SignedIn, Depends(allow("seeker"))]
FilledIn = Annotated[Application, Form()]


def look(who: SignedIn, request: Request, action: Action, items: tuple[str, ...] = ()) -> Look:
    return Look(f"{who.account_id} {LABEL}", "본인 화면 own page", items, address_of(request), action)


def herself(session: Session, who: SignedIn) -> Seeker:
    """Whose page this is; a session that outlived its account is none."""
    seeker = rights.account_seeker(session, who.account_id)
    if seeker is None:
        raise Problem(401, "SIGN_IN_NEEDED", "Sign in first.", "먼저 로그인해 주세요.")
    return seeker


def my_pages(  # noqa: PLR0915 - the list of what she can do
    engine: Engine, vault: Vault, record: ErasureRecord, settings: RegistrySettings, pages: Pages
) -> APIRouter:
    router = APIRouter(prefix="/me", include_in_schema=False)
    sent = WrongAttempts()

    @router.get("/register")
    def show_form(request: Request) -> Response:
        return form(request, Application())

    @router.post("/register", dependencies=[Depends(from_our_form)])
    def apply(request: Request, told: FilledIn) -> Response:
        key = f"address {address_of(request)}"
        if sent.too_many(key):
            return form(request, told, problem="too_many")
        sent.note(key)
        if problem := problem_of(told) or cafe_problem(told):
            return form(request, told, problem=problem)
        try:
            with transaction(engine) as session:
                account, findings = admit(session, vault, told)
        except AccountExists:
            return form(request, told, problem="known")
        if account is None:
            return form(request, told, findings=findings)
        response = RedirectResponse("/me", 303)
        session_cookie.sign_in(response, settings, signed_in_as(account))
        return response

    @router.get("")
    def show(request: Request, who: SeekerAlone) -> Response:
        """What is held of her; her own look is recorded like any other."""
        with transaction(engine) as session:
            seeker = herself(session, who)
            person = vault.read(session, [seeker.seeker_id], look(who, request, "read", ITEMS)).get(seeker.seeker_id)
            values = held(session, seeker, person or Person(), language_of(request))
        return pages.show(request, "my_data.html", **values)

    @router.get("/data.json")
    def take_away(request: Request, who: SeekerAlone) -> Response:
        with transaction(engine) as session:
            told = rights.export(session, vault, herself(session, who), look(who, request, "export", ITEMS))
        name = {"Content-Disposition": 'attachment; filename="my-data.json"'}
        return Response(json.dumps(told, ensure_ascii=False, indent=2), media_type="application/json", headers=name)

    @router.post("/consents", dependencies=[Depends(from_our_form)])
    def change_consent(
        request: Request,
        who: SeekerAlone,
        purpose: Annotated[Purpose, Form()],
        agrees: Annotated[Literal["yes", "no"], Form()],
        recipient: Annotated[str, Form(max_length=200)] = "",
    ) -> Response:
        matter = Matter(purpose, recipient if purpose == "provision" else "")
        with transaction(engine) as session:
            seeker = herself(session, who)
            if agrees == "yes":
                rights.agree(session, vault, seeker, matter, HERSELF, look(who, request, "consent"))
            else:
                rights.revoke(session, vault, seeker, matter, look(who, request, "revoke"))
        return RedirectResponse("/me#consents", 303)

    @router.post("/people-only", dependencies=[Depends(from_our_form)])
    def leave_to_people(request: Request, who: SeekerAlone, asked: Annotated[Literal["yes", "no"], Form()]) -> Response:
        with transaction(engine) as session:
            told = look(who, request, "human_only")
            rights.leave_to_people(session, vault, herself(session, who), told, asked=asked == "yes")
        return RedirectResponse("/me#rights", 303)

    @router.get("/correct")
    def show_correction(request: Request, who: SeekerAlone) -> Response:
        with transaction(engine) as session:
            seeker = herself(session, who)
            person = vault.read(session, [seeker.seeker_id], look(who, request, "read", ITEMS)).get(seeker.seeker_id)
        return form(request, as_filled_in(seeker, person or Person()), correcting=True)

    @router.post("/correct", dependencies=[Depends(from_our_form)])
    def correct(request: Request, who: SeekerAlone, told: FilledIn) -> Response:
        if problem := cafe_problem(told):
            return form(request, told, problem=problem, correcting=True)
        check = check_seeker(told.document())
        if check.refused:
            return form(request, told, findings=check.findings, correcting=True)
        with transaction(engine) as session:
            rights.correct(session, vault, herself(session, who), check, look(who, request, "correct"))
        return RedirectResponse("/me", 303)

    @router.get("/erase")
    def ask_to_erase(request: Request, who: SeekerAlone) -> Response:
        with reading(engine) as session:
            herself(session, who)
        return pages.show(request, "my_erasure.html", erased=False, kept=None)

    @router.post("/erase", dependencies=[Depends(from_our_form)])
    def erase_me(request: Request, who: SeekerAlone) -> Response:
        with transaction(engine) as session:
            kept: KeptByLaw | None = erase(session, vault, record, herself(session, who), look(who, request, "erase"))
        ends_on = day_of(kept.ends_at).isoformat() if kept else ""
        response = pages.show(request, "my_erasure.html", erased=True, kept=kept, ends_on=ends_on, who=None)
        session_cookie.sign_out(response)
        return response

    def form(request: Request, told: Application, **values: Any) -> Response:
        shown: dict[str, Any] = {"problem": "", "findings": (), "correcting": False} | values
        texts = [consents.present_texts()[purpose] for purpose in ASKED]
        wrong = bool(shown["problem"] or refuses(shown["findings"]))
        with reading(engine) as session:
            cafes = running_cafes(session)
        return pages.show(
            request, "my_application.html", status=422 if wrong else 200, told=told, texts=texts, counter=False,
            shortest=passwords.SHORTEST, cafes=cafes, **shown,
        )  # fmt: skip

    def cafe_problem(told: Application) -> str:
        with reading(engine) as session:
            known = {str(cafe.cafe_id) for cafe in running_cafes(session)}
        return "cafe" if told.cafe and told.cafe not in known else ""

    return router


def problem_of(told: Application) -> str:
    """What keeps her from signing in later, before anything else is looked at."""
    if not told.contact:
        return "contact"
    if len(told.password) < passwords.SHORTEST:
        return "password"
    if len(told.password) > passwords.LONGEST:
        return "password_long"
    known = (told.name, told.contact, plain_contact(told.contact))
    return "password_common" if passwords.guessable(told.password, *known) else ""


def admit(session: Session, vault: Vault, told: Application) -> tuple[Account | None, tuple[Finding, ...]]:
    """Take someone in who applies by herself, with an account; or why her application came back.

    Who chooses no café is looked after by the one nearest to her home: else no counselor would see her.
    """
    document = told.document()
    applicant = check_seeker(document).seeker
    nearest = nearest_to(session, applicant.home if applicant else None)
    row = SeekerRow("form", document)
    receipt = register(session, [row], None, vault, nearest.cafe_id if nearest else None, through="herself")[0]
    if receipt.seeker_id is None:
        return None, receipt.findings
    login = login_of(vault, told.contact)
    account = add_account(
        session, login=login, display_name=LABEL, role="seeker", password=told.password, seeker_id=receipt.seeker_id
    )
    return account, receipt.findings


def held(session: Session, seeker: Seeker, person: Person, language: Language) -> dict[str, Any]:
    """What her page shows."""
    given = consents.all_of(session, seeker.seeker_id)
    standing = {(row.purpose, row.recipient) for row in given if row.revoked_at is None}
    asked = [(consents.present_texts()[purpose], "") for purpose in ASKED]
    firms = sorted({recipient for purpose, recipient in standing if purpose == "provision"})
    asked += [(consents.present_texts()["provision"], recipient) for recipient in firms]
    facts = SeekerFacts.model_validate(seeker.facts)
    return {
        "seeker": seeker,
        "facts": facts,
        "occupations": [occupation_name(code, language) for code in facts.wishes.occupation_codes],
        "person": {item: value for item, value in person if value},
        "texts": [(text, recipient, (text.purpose, recipient) in standing) for text, recipient in asked],
        "since": {(row.purpose, row.recipient): row.given_at for row in given if row.revoked_at is None},
        "provision": consents.present_texts()["provision"],
        "recipients": [agency.name for agency in all_agencies(session) if agency.name not in firms],
        "looks": list(reversed(rows_about(session, seeker.seeker_id)))[:SHOWN_LOOKS],
        "parts": rights.PARTS,
    }
