"""What the registry is told from outside."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class RegistrySettings(ServiceSettings):
    """Settings of the registry: `REGISTRY_…`."""

    model_config = SettingsConfigDict(env_prefix="REGISTRY_")

    vault_key: SecretStr | None = None
    """Master keys of the vault, newest first and apart by spaces. Keep them apart from the database and its backups."""
    vault_key_file: Path | None = None
    """The same as a file, a line each, which `iljari vault rotate` may write; instead of `vault_key`."""
    pseudonym_key: SecretStr
    """Names people by the references that senders use, and seals the audit log; never changed."""
    erasure_record: Path | None = None
    """A file that is told of every erasure, kept beside the database's backups and not in them: it puts right what an
    older backup brings back. Without one a restored backup brings the erased back."""
    intake_batch: int = 100
    """Most entries of agencies' streams taken in one transaction."""
    law_rules: Path | None = None
    """A folder of rules of law of your own, read after the shipped ones."""
    webhooks_inside: bool = False
    """Let agencies name webhooks of the inside and by plain http: goes with the same setting of notify, which calls."""

    referral_answer_days: Annotated[int, Field(ge=1, le=180)] = 14
    """So many days after a referral the firm should have answered; then its result is due."""
    referral_result_days: Annotated[int, Field(ge=1, le=180)] = 7
    """So many days after the interview the result should be known; then as many again until it counts as unanswered."""
    room_late_minutes: Annotated[int, Field(ge=1, le=120)] = 10
    """So long after its beginning a study room is kept for who has not come."""
    room_points_limit: Annotated[int, Field(ge=1)] = 3
    """So many bookings not used block someone for a while."""
    room_points_days: Annotated[int, Field(ge=1)] = 30
    """So old a booking not used may be and still count."""
    room_block_days: Annotated[int, Field(ge=1)] = 7
    """For how long after the last of them rooms cannot be booked."""

    @model_validator(mode="after")
    def _one_place_of_keys(self) -> Self:
        if (self.vault_key is None) == (self.vault_key_file is None):
            raise ValueError("set one of vault_key and vault_key_file")
        return self
