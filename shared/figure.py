"""What is a figure of a report made of? Its definition, numerator, denominator, and the rows both are counted from.

The furniture of every board: pages, CSV and JSON show `text`, and each number leads to `rows`.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Unit = Literal["count", "share", "days", "million_won", "won"]


class Row(NamedTuple):
    """One row that a figure counts: its own id, what it is, and what it adds."""

    id: str
    label: str
    adds: int | float | None = None
    """To the numerator; None where it adds nothing, as a row of the denominator alone."""


@dataclass(frozen=True)
class Figure:
    """A number with what it is made of. Without data its numerator is None: never zero."""

    name: str
    """Under `figure.NAME` the catalogue has its name, under `figure.NAME.told` its definition."""
    numerator: int | float | None
    denominator: int | float | None = None
    """None where it is a plain count."""
    rows: tuple[Row, ...] = ()
    unit: Unit = "count"
    divided: bool = False
    """Whether it is numerator over denominator; else the numerator itself."""
    unknown: int = 0
    """How many it should count and cannot, since nothing is known of them: in neither numerator nor denominator."""

    @property
    def value(self) -> int | float | None:
        """None is "no data": nothing was noted, or there is nothing to divide by."""
        if not self.divided:
            return self.numerator
        if self.numerator is None or not self.denominator:
            return None
        return self.numerator / self.denominator

    @property
    def text(self) -> str:
        """The value as a table shows it; empty where there is no data, for the page to say so."""
        if self.value is None:
            return ""
        return f"{self.value:.1%}" if self.unit == "share" else f"{self.value:,.1f}".removesuffix(".0")
