"""What notify is told from outside, beyond what every service is told."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.asking import AskingSettings


class NotifySettings(AskingSettings):
    """Read from the environment as `NOTIFY_…`."""

    model_config = SettingsConfigDict(env_prefix="NOTIFY_")

    names_wait_seconds: Annotated[float, Field(gt=0, le=10)] = 0.5
    """How long a page waits for names before it shows opaque labels instead."""
    smtp_url: Annotated[str | None, Field(repr=False)] = None
    """The mail server: smtp://host:25, smtp+starttls://user:password@host:587 or smtps://…; None sends no mail."""
    mail_from: str = "no-reply@iljari.invalid"
    """From whom mail comes; the domain of its Message-IDs too."""
    sender_name: str = "일자리 Iljari"
    """Who sends, as mail tells: the law asks for it in advertising."""
    sender_contact: str = ""
    """How the sender is reached: a telephone number and an address."""
    mails_an_hour: Annotated[int, Field(ge=0, le=1_000)] = 6
    """Mails one recipient gets within an hour; what is more waits. 0: as many as there are."""
    webhooks_inside: bool = False
    """Let webhooks reach addresses of the inside and plain http: for closed networks and tests."""
    apprise: bool = False
    """Send to the addresses of Apprise that an operator has set, such as a chat of the counselors."""
    mail_caught_in: Path | None = None
    """The folder of a catcher of mail, whose letters `/demo-mail` shows to everyone. For demonstrations only."""
    crowded_from: Annotated[int, Field(ge=1)] = 5
    """So many seekers' lists that a posting heads are told beside it: everybody's favourite helps nobody."""
    per_employer: Annotated[int, Field(ge=0, le=100)] = 3
    """Postings of one employer that a seeker's list shows; the others are folded under the last of them; 0: all."""
    firm_link_days: Annotated[int, Field(ge=1, le=366)] = 90
    """How long the link of a posting lets its firm in: an order of two months, and time to tell the result."""
