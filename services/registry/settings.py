"""What the registry is told from outside."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class RegistrySettings(ServiceSettings):
    """Settings of the registry: `REGISTRY_…`."""

    model_config = SettingsConfigDict(env_prefix="REGISTRY_")

    vault_key: SecretStr
    """Opens the vault. Keep it apart from the database and its backups: without it every name is lost."""
    intake_batch: int = 100
    """Most entries of agencies' streams taken in one transaction."""
    law_rules: Path | None = None
    """A folder of rules of law of your own, read after the shipped ones."""
