"""Who works here and may sign in, under `/api/v1/registry/accounts`."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import StringConstraints, TypeAdapter
from sqlalchemy import Engine

from services.registry.access import Operator, exists_already, not_found, refuse_unknown
from services.registry.api.bodies import Asked, Name, PlainBody
from services.registry.people import passwords
from services.registry.people.accounts import AccountExists, AccountRole, add_account, close_account, staff_accounts
from services.registry.tables import Account, Agency, Cafe
from shared.database import reading, transaction
from shared.web.cursors import Paged
from shared.web.problems import Problem

LOGIN = TypeAdapter(Name)


class NewAccount(Asked):
    login: Annotated[str, StringConstraints(pattern=r"^[a-z0-9._-]{2,60}$")]
    display_name: Name
    role: AccountRole
    password: Annotated[str, StringConstraints(min_length=passwords.SHORTEST, max_length=passwords.LONGEST)]
    cafe_ids: tuple[UUID, ...] = ()
    agency_id: UUID | None = None
    shown: bool = False
    """A demo account: its password stands on the sign-in page for everyone to use."""


def account_api(engine: Engine) -> APIRouter:
    router = APIRouter(prefix="/api/v1/registry")

    @router.post("/accounts", status_code=201)
    def make_account(
        _who: Operator,
        asked: Annotated[NewAccount, Depends(PlainBody(NewAccount))],
    ) -> dict[str, Any]:
        if asked.role == "agency" and asked.agency_id is None:
            raise Problem(
                422, "AGENCY_MISSING", "Name the agency whose clerk this is.", "어느 기관의 담당자인지 지정해 주세요.",
                where="agency_id",
            )  # fmt: skip
        if not asked.shown and passwords.guessable(asked.password, asked.login, asked.display_name):
            raise Problem(
                422, "PASSWORD_COMMON", "This password is among the first that anybody would try.",
                "누구나 먼저 넣어 볼 비밀번호입니다.", where="password",
                hint="Three or four words that do not belong together.",
            )  # fmt: skip
        refuse_unknown(engine, Agency, [asked.agency_id], "agency_id")
        refuse_unknown(engine, Cafe, asked.cafe_ids, "cafe_ids")
        try:
            with transaction(engine) as session:
                account = add_account(session, **dict(asked))
        except AccountExists:
            raise exists_already("login") from None
        return _shown_account(account)

    @router.get("/accounts")
    def list_accounts(_who: Operator, paged: Paged) -> list[dict[str, Any]]:
        """Staff by login, closed accounts among them."""
        with reading(engine) as session:
            found = staff_accounts(session, paged.after(LOGIN), paged.one_more)
        return [_shown_account(account) for account in paged.shown(found, lambda each: each.login)]

    @router.delete("/accounts/{account_id}", status_code=204)
    def end_account(account_id: UUID, _who: Operator) -> None:
        """Let someone of the staff in no more; her sessions end at once, everywhere."""
        with transaction(engine) as session:
            if not close_account(session, account_id):
                raise not_found()

    return router


def _shown_account(account: Account) -> dict[str, Any]:
    return account.model_dump(mode="json", exclude={"password_hash", "shown_password"})
