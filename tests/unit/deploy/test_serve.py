"""What is wrong with a service's settings is told all at once, also a name that is almost right."""

import pytest

from deploy.serve import load_settings
from shared.command import CommandError, ExitCode


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("DATABASE_URL", "SESSION_KEY", "OPERATOR_TOKEN", "SERVICE_TOKEN"):
        monkeypatch.setenv(f"NOTIFY_{name}", "a secret value")
    return monkeypatch


def test_missing_wrong_and_misspelt_ones_are_told_together(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("NOTIFY_SESSION_KEY")
    environment.setenv("NOTIFY_BATCH_SIZE", "many")
    environment.setenv("NOTIFY_MAIL_FORM", "jobs@city.example")
    with pytest.raises(CommandError, match="SETTINGS_INVALID") as refused:
        load_settings("notify")
    assert refused.value.exit_code is ExitCode.USAGE
    told = refused.value.as_text()
    for fault in ("NOTIFY_SESSION_KEY: Field required", "NOTIFY_BATCH_SIZE: Input should be a valid integer"):
        assert fault in told
    assert "NOTIFY_MAIL_FORM: there is no such setting; NOTIFY_MAIL_FROM there is" in told
    assert not any(value in told for value in ("many", "a secret value", "jobs@city.example"))


def test_others_may_bear_our_prefix(environment: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "NOTIFY_REDIS_PASSWORD", "NOTIFY_DATABASE_PASSWORD"):
        environment.setenv(name, "x")
    assert load_settings("notify").database_url == "a secret value"
