"""What does someone want to be told, by which way and how often? Kept by opaque id; without a choice, the default."""

from collections.abc import Collection

from sqlalchemy import delete
from sqlmodel import Session, col, select

from services.notify.delivery.categories import CHANNELS, KINDS, Category, Channel, Recipient, kinds_for
from services.notify.delivery.windows import CADENCES, Cadence
from services.notify.tables import Habit, Preference
from shared.clock import now


def wants(session: Session, recipient: Recipient, category: Category, channel: Channel) -> bool:
    """Whether she is told such news by this way; unless she said no. Whether she may be written to, registry knows."""
    if not KINDS[category].may_stop:
        return True
    chosen = session.get(Preference, (recipient.kind, recipient.id, category, channel))
    return chosen is None or chosen.wanted


def choose(session: Session, recipient: Recipient, category: Category, channel: Channel, *, wanted: bool) -> bool:
    """Note a choice; whether it changed anything."""
    if wants(session, recipient, category, channel) == wanted:
        return False
    row = session.get(Preference, (recipient.kind, recipient.id, category, channel)) or Preference(
        recipient=recipient.kind,
        recipient_id=recipient.id,
        category=category,
        channel=channel,
        wanted=wanted,
        changed_at=now(),
    )
    row.wanted, row.changed_at = wanted, now()
    session.add(row)
    return True


def choices(session: Session, recipient: Recipient) -> dict[tuple[Category, Channel], bool]:
    """Everything she can choose about, as it stands."""
    return {
        (category, channel): wants(session, recipient, category, channel)
        for category in kinds_for(recipient.kind)
        for channel in CHANNELS[recipient.kind]
    }


def habit_of(session: Session, recipient: Recipient) -> Habit:
    """How she wants to be told; the default where she said nothing."""
    held = session.get(Habit, (recipient.kind, recipient.id))
    return held or Habit(recipient=recipient.kind, recipient_id=recipient.id, changed_at=now())


def cadences_of(session: Session, recipients: Collection[Recipient], category: Category) -> dict[Recipient, Cadence]:
    """How often: their own choice counts for what comes in numbers, not for what waits for them."""
    usual = KINDS[category].cadence
    if usual == "immediate" or category == "adverts":
        return dict.fromkeys(recipients, usual)
    theirs = select(Habit).where(col(Habit.recipient_id).in_({one.id for one in recipients}))
    chosen = {(habit.recipient, habit.recipient_id): habit.cadence for habit in session.exec(theirs)}
    return {one: _cadence(chosen.get((one.kind, one.id))) or usual for one in recipients}


def set_habit(session: Session, recipient: Recipient, cadence: Cadence, *, at_night: bool) -> None:
    habit = habit_of(session, recipient)
    habit.cadence, habit.at_night, habit.changed_at = cadence, at_night, now()
    session.add(habit)


def _cadence(chosen: str | None) -> Cadence | None:
    return chosen if chosen in CADENCES else None


def forget_choices(session: Session, recipient: Recipient) -> None:
    """Keep nothing of the choices of someone who was erased."""
    for table in (Preference, Habit):
        hers = (col(table.recipient) == recipient.kind, col(table.recipient_id) == recipient.id)
        session.connection().execute(delete(table).where(*hers))
