"""What matching is told from outside, beyond what every service is told."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from services.matching.engine.scorer import Rules
from services.matching.engine.skills import own_aliases
from services.matching.engine.skills.terms import AliasRefused
from services.matching.shards import Shard
from shared.asking import AskingSettings


class MatchingSettings(AskingSettings):
    """Read from the environment as `MATCHING_…`."""

    model_config = SettingsConfigDict(env_prefix="MATCHING_")

    shard: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}/[1-9][0-9]{0,3}$")] = "0/1"
    """Which share of the seekers this process keeps, such as `0/4`; every shard keeps all postings."""
    seeker_list: Annotated[int, Field(ge=1, le=100)] = 20
    """The best postings kept for a seeker; a list is one event, and an event has a size limit."""
    posting_list: Annotated[int, Field(ge=1, le=100)] = 50
    """The best seekers kept for a posting."""
    threshold: Annotated[int, Field(ge=1, le=10_000)] = 500
    """The least score that is a match, in ten-thousandths."""
    epoch_profiles: Annotated[int, Field(ge=2)] = 300
    """Profiles known, of both sides, at which the first real epoch is fitted."""

    proof_hour: Annotated[int, Field(ge=0, le=23)] = 4
    """From this hour in Korea on, once a day, the lists are compared with a recompute of everything."""

    aliases: Path | None = None
    """A file of skill terms of your own, joined to the shipped table; another file is another epoch."""

    @field_validator("aliases")
    @classmethod
    def _aliases_can_be_taken(cls, path: Path | None) -> Path | None:
        try:
            own_aliases.read(path) if path else None
        except AliasRefused as refused:
            raise ValueError(str(refused)) from refused
        return path

    @model_validator(mode="after")
    def _shard_exists(self) -> "MatchingSettings":
        Shard.named(self.shard)
        return self

    def rules(self) -> Rules:
        """What an epoch opened today would hold."""
        return Rules(threshold=self.threshold, seeker_list=self.seeker_list, posting_list=self.posting_list)
