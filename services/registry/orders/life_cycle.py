"""What may become of an order, and how long is it valid? States, moves and dates; no rows, no clock of its own.

An order is valid for two months from its acceptance, or to its closing date if that is sooner; until filled means two
months too, unless it is renewed. A seeker's application is valid for three (Rules of the Employment Security Act, 3).
"""

from calendar import monthrange
from datetime import date, timedelta
from typing import Literal, get_args

State = Literal["open", "held", "suspended", "refused", "filled", "closed", "withdrawn", "expired"]
Status = Literal["open", "renewed", "reopened", "suspended", "filled", "closed", "withdrawn"]
"""What a sender may say of an order of hers."""
Decision = Literal["release", "refuse", "suspend", "reopen", "renew", "fill", "close", "withdraw", "split", "join"]
"""What the operator may decide of one."""
Actor = Literal["agency", "operator", "clock", "ledger"]
"""The ledger of referrals fills an order whose last place was taken."""

OPEN: State = "open"
HELD: State = "held"
ENDED: frozenset[State] = frozenset({"filled", "closed", "withdrawn", "expired"})
LIVING: tuple[State, ...] = ("open", "held", "suspended")
"""What time may still run out for."""
STATES: tuple[State, ...] = get_args(State)

ORDER_MONTHS = 2
APPLICATION_MONTHS = 3
NOTICE_DAYS = 7
"""So long before the end the sender is asked whether the order still stands."""

BY_AGENCY: dict[State, frozenset[State]] = {
    "open": frozenset({"suspended", "filled", "closed", "withdrawn"}),
    "suspended": frozenset({"open", "filled", "closed", "withdrawn"}),
    "held": frozenset({"withdrawn"}),
    "refused": frozenset({"withdrawn"}),
    **{state: frozenset[State]({"open"}) for state in ENDED},
}
BY_OPERATOR: dict[State, frozenset[State]] = {
    state: frozenset[State]({"open", "suspended", "refused", "filled", "closed", "withdrawn"}) - {state}
    for state in STATES
}
MOVES: dict[Actor, dict[State, frozenset[State]]] = {
    "agency": BY_AGENCY,
    "operator": BY_OPERATOR,
    "clock": {state: frozenset[State]({"expired"}) for state in LIVING},
    "ledger": {"open": frozenset({"filled"})},
}


class Illegal(Exception):
    """This cannot become of an order in this state, or not by this hand; carries a finding's code."""

    def __init__(self, code: str, state: State, status: str) -> None:
        super().__init__(f"{state} → {status}")
        self.code, self.state, self.status = code, state, status


def state_after(state: State, status: Status | State, by: Actor, decided_by: Actor) -> State:
    """The state that an order comes into; the same where there is nothing to do.

    Args:
        by: who moves it.
        decided_by: who brought it into its present state: what the operator stopped, she alone starts again.

    Raises:
        Illegal: the move does not exist.
    """
    wanted = _state_of(status)
    if wanted == state:
        return state
    if by == "agency" and decided_by == "operator" and state == "suspended" and wanted == OPEN:
        raise Illegal("ORDER_STOPPED", state, status)
    if wanted not in MOVES[by].get(state, frozenset()):
        raise Illegal("ORDER_STATE", state, status)
    return wanted


def _state_of(status: Status | State) -> State:
    return OPEN if status in ("open", "renewed", "reopened") else next(state for state in STATES if state == status)


def last_day(since: date, closes_on: date | None) -> date:
    """The last day on which an order stands that was accepted or renewed on a day."""
    end = months_after(since, ORDER_MONTHS)
    return min(end, closes_on) if closes_on else end


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of a month that has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def notice_from(valid_until: date) -> date:
    """The first day on which the end is near enough to be told."""
    return valid_until - timedelta(days=NOTICE_DAYS)
