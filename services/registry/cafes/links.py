"""Addresses that say what they allow: signed for one café and one purpose, voided by raising the café's number."""

from datetime import timedelta
from typing import Literal
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer
from sqlmodel import Session

from services.registry.tables import Cafe
from shared.clock import now

Purpose = Literal["host", "kiosk", "check_in"]
"""The host's own page; a kiosk that may show check-in codes; being at the café right now."""
CHECK_IN_GOOD_FOR = timedelta(minutes=10)
"""After it was shown; long enough to sign in on one's phone."""


class Links:
    """Makes and reads them, with the service's own key."""

    def __init__(self, key: str) -> None:
        self._key = key

    def make(self, cafe: Cafe, purpose: Purpose, good_for: timedelta | None = None) -> str:
        until = int((now() + good_for).timestamp()) if good_for else None
        return self._signer(purpose).dumps([cafe.cafe_id.hex, cafe.link_number, until])

    def cafe_of(self, session: Session, token: str, purpose: Purpose) -> Cafe | None:
        """The café this was made for; None for what is forged, voided or outlived."""
        try:
            key, number, until = self._signer(purpose).loads(token)
            cafe = session.get(Cafe, UUID(hex=key))
        except (BadSignature, ValueError, TypeError):
            return None
        good = cafe is not None and cafe.link_number == number and (until is None or now().timestamp() < until)
        return cafe if good else None

    def _signer(self, purpose: Purpose) -> URLSafeSerializer:
        return URLSafeSerializer(self._key, salt=f"iljari.cafe.{purpose}")
