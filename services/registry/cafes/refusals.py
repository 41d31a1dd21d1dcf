"""Why something about a café, a room or a booking cannot be, and beside which field that is told."""

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Reason(NamedTuple):
    """A refusal in both languages. It repeats nothing of what was sent."""

    where: str
    en: str
    ko: str


class Refused(Exception):
    """Not possible, for this reason; beside another field than usual where one is told."""

    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(code)
        self.code, self._where = code, where

    @property
    def reason(self) -> Reason:
        usual = reasons()[self.code]
        return usual._replace(where=self._where or usual.where)

    @property
    def status(self) -> int:
        """422 for what was sent wrongly, 409 for what the present state does not allow."""
        return 422 if self.code.endswith(("_WRONG", "_MISSING")) else 409


@cache
def reasons() -> dict[str, Reason]:
    """Every reason there is, by its code."""
    told = csv.DictReader((files(__package__) / "refusals.csv").read_text("utf-8").splitlines())
    return {row["code"]: Reason(row["where"], row["en"], row["ko"]) for row in told}
