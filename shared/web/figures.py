"""How days, times and wages read, in Korean time and in either language."""

from datetime import date, datetime

from shared.clock import KST
from shared.contracts import Money
from shared.web.catalogue import Language, say

MAN = 10_000
EOK = 100_000_000
ROUND_FROM = 100_000
"""Korean says larger sums in 만 and 억."""


def day(when: date, language: Language) -> str:
    """A day with its weekday; an instant is told by its day in Korea."""
    local = when.astimezone(KST).date() if isinstance(when, datetime) else when
    weekday = say(language, f"weekday.{local.isoweekday()}")
    return say(language, "figure.day", month=local.month, day=local.day, weekday=weekday, stamp=f"{local:%b}")


def moment(instant: datetime, language: Language) -> str:
    """A day and the time of day in Korea."""
    return f"{day(instant, language)} {clock(instant)}"


def dated(instant: datetime) -> str:
    """The same with its year, the same in either language: for what is kept longer than one."""
    return f"{instant.astimezone(KST):%Y-%m-%d} {clock(instant)}"


def clock(instant: datetime) -> str:
    """The time of day in Korea."""
    return f"{instant.astimezone(KST):%H:%M}"


def won(amount: int, language: Language) -> str:
    """A sum of money: 만 and 억 where Korean has them, thousands elsewhere."""
    if language == "en":
        return f"₩{amount:,}"
    if amount < ROUND_FROM or amount % MAN:
        return f"{amount:,}원"
    eok, man = divmod(amount, EOK)
    groups = [f"{eok:,}억" if eok else "", f"{man // MAN:,}만" if man else ""]
    return " ".join(group for group in groups if group) + " 원"


def wage(money: Money | None, language: Language) -> str:
    """A wage with its unit and its open or closed bounds; nothing where nothing was said."""
    if money is None or (money.minimum is None and money.maximum is None):
        return ""
    return say(language, f"wage.unit.{money.unit}", sum=_bounds(money.minimum, money.maximum, language))


def _bounds(least: int | None, most: int | None, language: Language) -> str:
    if least is not None and most is not None and least != most:
        return say(language, "wage.between", least=won(least, language), most=won(most, language))
    if least is None and most is not None:
        return say(language, "wage.up_to", sum=won(most, language))
    if most is None and least is not None:
        return say(language, "wage.from", sum=won(least, language))
    return won(least or 0, language)
