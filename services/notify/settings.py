"""What notify is told from outside, beyond what every service is told."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class NotifySettings(ServiceSettings):
    """Read from the environment as `NOTIFY_…`."""

    model_config = SettingsConfigDict(env_prefix="NOTIFY_")

    registry_url: str = "http://127.0.0.1:8765"
    """Where names are asked for: an http address, or the path of registry's unix socket."""
    names_wait_seconds: Annotated[float, Field(gt=0, le=10)] = 0.5
    """How long a page waits for names before it shows opaque labels instead."""
    crowded_from: Annotated[int, Field(ge=1)] = 5
    """So many seekers' lists that a posting heads are told beside it: everybody's favourite helps nobody."""
    per_employer: Annotated[int, Field(ge=0, le=100)] = 3
    """Postings of one employer that a seeker's list shows; the others are folded under the last of them; 0: all."""
    firm_link_days: Annotated[int, Field(ge=1, le=366)] = 90
    """How long the link of a posting lets its firm in: an order of two months, and time to tell the result."""
