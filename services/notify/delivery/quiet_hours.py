"""May something be sent at this moment? From 21:00 to 08:00 in Korea people sleep, and advertising is against the law.

Information and Communications Network Act, article 50: advertising between 21:00 and 08:00 needs a consent of its own,
which nobody is asked for here. What someone asked to be told is a service and may come at night where she wants it so.
"""

from datetime import datetime, time, timedelta
from typing import Literal

from shared.clock import KST

RuleClass = Literal["service", "advert"]

EVENING, MORNING = time(21), time(8)
"""The first moment of the night and the first after it, KST."""


def is_night(instant: datetime) -> bool:
    """Whether people sleep: 20:59:59 is day, 21:00 is night, 08:00 is day again."""
    return not MORNING <= instant.astimezone(KST).time() < EVENING


def first_chance(rule_class: RuleClass, instant: datetime, *, at_night: bool = False) -> datetime:
    """The first moment from `instant` on at which it may be sent.

    Args:
        at_night: she wants services at night too; of no account for advertising.
    """
    if not is_night(instant) or (at_night and rule_class == "service"):
        return instant
    return _morning_after(instant)


def _morning_after(instant: datetime) -> datetime:
    local = instant.astimezone(KST)
    day = local.date() + timedelta(days=1 if local.time() >= EVENING else 0)
    return datetime.combine(day, MORNING, KST).astimezone(instant.tzinfo)
