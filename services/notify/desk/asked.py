"""What does the address of a list ask for? Every search and filter stands in it."""

from datetime import timedelta
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from services.notify import referrals
from services.notify.desk.at_desk import LAST_PAGE, reach_of
from services.notify.following import View
from services.notify.match_lists import CallFilter
from shared.contracts.envelope import EmploymentType
from shared.web.sign_in import SignedIn

YESTERDAY = timedelta(days=1)

Short = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{0,6}$")]


def _empty_is_nothing(value: Any) -> Any:
    """A field of a form that was left empty."""
    return None if value == "" else value


class CallsAsked(BaseModel):
    """The query of `/desk`."""

    page: Annotated[int, Field(ge=1, le=LAST_PAGE)] = 1
    words: Short = ""
    cafe: Short = ""
    state: Literal["", "untouched", "returned"] = ""
    district: Short = ""
    occupation: Code = ""
    employment: EmploymentType | Literal[""] = ""
    score: Annotated[Annotated[int, Field(ge=0, le=100)] | None, BeforeValidator(_empty_is_nothing)] = None
    closing: Annotated[Annotated[int, Field(ge=0, le=365)] | None, BeforeValidator(_empty_is_nothing)] = None
    new: Literal["", "1"] = ""

    def narrowed(self, who: SignedIn) -> CallFilter:
        """What is to be found."""
        day = referrals.today()
        return CallFilter(
            reach=reach_of(who, self.cafe),
            words=self.words,
            history=self.state,
            district=self.district,
            occupation=self.occupation,
            employment=self.employment,
            least_score=(self.score or 0) * 100,
            closes_by=day + timedelta(days=self.closing) if self.closing is not None else None,
            since=day - YESTERDAY if self.new else None,
        )


class ReferralsAsked(BaseModel):
    """The query of `/desk/referrals`."""

    view: View = "due"
    whose: Literal["mine", "all"] = "mine"
    cafe: Short = ""
    page: Annotated[int, Field(ge=1, le=LAST_PAGE)] = 1

    def account(self, who: SignedIn) -> UUID | None:
        """Whose referrals alone; None for everyone's."""
        return who.account_id if self.whose == "mine" and who.role == "counselor" else None


Asked = Annotated[CallsAsked, Query()]
AskedReferrals = Annotated[ReferralsAsked, Query()]
EMPLOYMENTS: tuple[str, ...] = get_args(EmploymentType)
