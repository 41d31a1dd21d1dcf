"""Does `.env.example` tell every setting there is, with its true default, and does compose pass each one on?"""

import re
from pathlib import Path
from typing import Any

import pytest

from deploy.new_env import EXAMPLE, filled, make
from deploy.serve import settings_class

SERVICES = ("registry", "matching", "notify")
COMPOSE = EXAMPLE.with_name("compose.yaml")
LINE = re.compile(r"^#?([A-Z][A-Z_]*)=(.*)$", re.MULTILINE)
NOT_SETTINGS = re.compile(r"_(REDIS|DATABASE)_PASSWORD$")
"""Compose builds the services' URLs from these."""
SECRET = "x" * 40


def told(service: str) -> dict[str, str]:
    """What the example tells of a service: its own lines, and those of every service."""
    prefix = f"{service.upper()}_"
    lines = [(name, value) for name, value in LINE.findall(EXAMPLE.read_text(encoding="utf-8"))]
    own = {name.replace("SERVICE_", prefix, 1) if name.startswith("SERVICE_") else name: value for name, value in lines}
    return {name: value for name, value in own.items() if name.startswith(prefix) and not NOT_SETTINGS.search(name)}


def known(service: str) -> set[str]:
    return {f"{service.upper()}_{field.upper()}" for field in settings_class(service).model_fields}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with what is required and nothing else."""
    for service in SERVICES:
        for name in known(service):
            monkeypatch.delenv(name, raising=False)
        for required in ("DATABASE_URL", "SESSION_KEY", "OPERATOR_TOKEN", "SERVICE_TOKEN"):
            monkeypatch.setenv(f"{service.upper()}_{required}", SECRET)
    for key in ("VAULT_KEY", "PSEUDONYM_KEY"):
        monkeypatch.setenv(f"REGISTRY_{key}", SECRET)
    return monkeypatch


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_is_told_and_no_other(service: str) -> None:
    assert told(service).keys() == known(service)


@pytest.mark.parametrize("service", SERVICES)
def test_the_defaults_told_are_the_true_ones(service: str, bare: pytest.MonkeyPatch) -> None:
    by_default = settings_class(service)()
    for name, value in told(service).items():
        if value:
            bare.setenv(name, value)
    assert settings_class(service)() == by_default


@pytest.mark.parametrize("service", SERVICES)
def test_compose_passes_every_setting_on(service: str) -> None:
    named = set(re.findall(rf"^\s+({service.upper()}_[A-Z_]+):", COMPOSE.read_text(encoding="utf-8"), re.MULTILINE))
    by_host_name = {f"{service.upper()}_CONSUMER"}
    assert {name for name in named if not NOT_SETTINGS.search(name)} == known(service) - by_host_name


def test_compose_asks_for_nothing_that_the_example_does_not_tell() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE.read_text(encoding="utf-8")))
    uncommented = re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    assert asked == set(uncommented)


def test_a_new_environment_has_a_secret_in_each_empty_place() -> None:
    values: dict[str, Any] = dict(re.findall(r"^([A-Z_]+)=(.*)$", filled("A=\nB=kept\n#C=\nD=\n"), re.MULTILINE))
    assert values["B"] == "kept"
    assert "C" not in values
    assert len({values["A"], values["D"]}) == 2
    assert all(re.fullmatch("[0-9a-f]{48}", values[name]) for name in "AD")


def test_a_new_environment_is_private_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    make(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        make(path)
