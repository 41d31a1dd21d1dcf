"""Who may sign in: logins, passwords kept as Argon2 hashes, and a pause after too many wrong ones."""

import re
from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Literal
from uuid import UUID, uuid4

from pwdlib import PasswordHash
from sqlmodel import Session, col, select

from services.registry.people.vault import Vault
from services.registry.tables import Account
from shared import sessions
from shared.clock import now
from shared.web.sign_in import SignedIn

AccountRole = Literal["counselor", "official", "agency", "operator"]
"""Of those whom an operator lets in; seekers let themselves in."""
PHONE_PARTS = re.compile(r"[-.\s()]+")

MOST_WRONG = 10
PAUSE = timedelta(minutes=15)


class AccountExists(Exception):
    """Someone signs in under this name already."""


@cache
def _passwords() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobodys_hash() -> str:
    """Checked for unknown names, so that they take as long to refuse as known ones."""
    return _passwords().hash("a password that nobody has")


def add_account(  # noqa: PLR0913 - the fields of an account, no more
    session: Session,
    *,
    login: str,
    display_name: str,
    role: AccountRole | Literal["seeker"],
    password: str,
    cafe_ids: Sequence[UUID] = (),
    agency_id: UUID | None = None,
    seeker_id: UUID | None = None,
    shown: bool = False,
) -> Account:
    """Let someone sign in. `shown` puts the password on the sign-in page, for demo accounts alone."""
    if session.exec(select(Account).where(Account.login == login)).first():
        raise AccountExists(login)
    account = Account(
        account_id=uuid4(),
        login=login,
        display_name=display_name,
        role=role,
        password_hash=_passwords().hash(password),
        shown_password=password if shown else None,
        cafe_ids=[str(cafe_id) for cafe_id in cafe_ids],
        agency_id=agency_id,
        seeker_id=seeker_id,
        made_at=now(),
    )
    session.add(account)
    session.flush()
    return account


def staff_accounts(session: Session, after: str | None, limit: int) -> Sequence[Account]:
    """Those whom an operator let in, by login; `after`: the last that was told."""
    staff = select(Account).where(col(Account.role) != "seeker", *([] if after is None else [Account.login > after]))
    return session.exec(staff.order_by(col(Account.login)).limit(limit)).all()


def close_account(session: Session, account_id: UUID) -> bool:
    """Let someone in no more, and end every session of hers at once; false where no such account of staff is.

    The row stays: what she did is told by her name, and her login is never another's.
    """
    account = session.get(Account, account_id)
    if account is None or account.role == "seeker":  # a seeker stops or erases herself
        return False
    if account.closed_at is None:
        account.closed_at = now()
        session.add(account)
        sessions.end(session, account_id)
    return True


def login_of(vault: Vault, contact: str) -> str:
    """What stands for someone's e-mail address or phone number: these are kept sealed alone."""
    return f"seeker-{vault.pseudonym(f'login|{plain_contact(contact)}')}"


def plain_contact(contact: str) -> str:
    """One spelling of an e-mail address or phone number, however it was typed."""
    return contact.strip().lower() if "@" in contact else PHONE_PARTS.sub("", contact)


def looks_like_a_contact(login: str) -> bool:
    return "@" in login or PHONE_PARTS.sub("", login).removeprefix("+").isdigit()


def sign_in(session: Session, login: str, password: str) -> SignedIn | None:
    """Who this is, if the password is hers."""
    account = session.exec(select(Account).where(Account.login == login)).first()
    if account is None or account.closed_at is not None:
        _passwords().verify(password, _nobodys_hash())
        return None
    if not _passwords().verify(password, account.password_hash):
        return None
    return signed_in_as(account)


def signed_in_as(account: Account) -> SignedIn:
    return SignedIn.model_validate(
        {
            "account_id": account.account_id,
            "role": account.role,
            "cafe_id": account.cafe_ids[0] if account.cafe_ids else None,
            "cafe_ids": account.cafe_ids,
            "agency_id": account.agency_id,
            "seeker_id": account.seeker_id,
            "label": account.display_name,
        }
    )


def shown_accounts(session: Session) -> list[dict[str, str]]:
    """Demo accounts, as the sign-in page offers them."""
    shown = select(Account).where(col(Account.shown_password).is_not(None), col(Account.closed_at).is_(None))
    return [
        {
            "login": account.login,
            "password": account.shown_password or "",
            "label": account.display_name,
            "role": account.role,
        }
        for account in session.exec(shown.order_by(col(Account.made_at)))
    ]


class WrongAttempts:
    """Counts wrong passwords by login and by address; in memory, so a restart forgives."""

    def __init__(self) -> None:
        self._times: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def too_many(self, *keys: str) -> bool:
        return any(self._recent(key) >= MOST_WRONG for key in keys)

    def note(self, *keys: str) -> None:
        for key in keys:
            self._times[key].append(now())

    def forget(self, *keys: str) -> None:
        for key in keys:
            self._times.pop(key, None)

    def _recent(self, key: str) -> int:
        times = self._times.get(key)
        if times is None:
            return 0
        while times and now() - times[0] > PAUSE:
            times.popleft()
        if not times:
            del self._times[key]
        return len(times)
