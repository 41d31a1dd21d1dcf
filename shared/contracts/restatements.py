"""Asking to say everything again: a new shard, a store lost, a stream trimmed."""

from typing import ClassVar, Literal

from shared.contracts.envelope import Event, ServiceName


class RestatementRequested(Event):
    """A service holds too little and asks for all that is true now once more.

    Registry says every live posting and seeker; matching says its lists to a service that keeps them.
    """

    stream: ClassVar[str] = "restatement.requested.v1"
    said_by: ClassVar[tuple[ServiceName, ...]] = ("matching", "notify")
    heard_by: ClassVar[tuple[ServiceName, ...]] = ("registry", "matching")

    asked_by: Literal["matching", "notify"]
    reason: Literal["new_store", "operator"]

    @property
    def source(self) -> str:
        return f"/iljari/{self.asked_by}"

    @property
    def subject(self) -> str:
        return f"service/{self.asked_by}"
