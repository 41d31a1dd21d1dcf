"""How does a test reach the whole system in containers? `deploy/compose.yaml` on a free port, while the test lasts."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.new_env import make
from tests.servers import IMAGES, images_at_hand

DEPLOY = Path(__file__).parents[1] / "deploy"
BUILD_SECONDS, START_SECONDS = 420, 300


class ComposedCity:
    """A running composition: its address, its secrets, and a way into its containers."""

    def __init__(self, project: str, settings: Path) -> None:
        self._settings = settings
        self._compose = [*_compose(), "-p", project, "--env-file", str(settings), "-f", str(DEPLOY / "compose.yaml")]

    @property
    def url(self) -> str:
        return f"http://{self.compose('port', 'gateway', '8080').strip()}"

    @property
    def settings(self) -> dict[str, str]:
        lines = self._settings.read_text("utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))

    def compose(self, *words: str, seconds: int = 120) -> str:
        """Give a compose command; what it said."""
        done = subprocess.run(
            [*self._compose, *words],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"compose {words[0]} failed\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def iljari(self, *words: str) -> str:
        """Give the command `iljari` inside, as the operator."""
        return self.compose("run", "--rm", "--no-deps", "-T", "command", "iljari", *words)

    def redis_cli(self, user: str, password: str, *words: str) -> str:
        """What a foreign producer types."""
        return self.compose(
            "exec", "-T", "-e", f"REDISCLI_AUTH={password}", "valkey", "valkey-cli", "--user", user, *words
        )


@contextmanager
def composed_city() -> Iterator[ComposedCity]:
    """Build the images, start everything, wait until all are healthy; in the end nothing is left.

    Skips where no engine holds the public images: containers are a rung that even CI may do without.
    """
    if absent := {IMAGES["valkey"], IMAGES["postgres"], "caddy:2", "python:3.11-slim"} - images_at_hand():
        pytest.skip(f"no Docker engine that holds {', '.join(sorted(absent))}: deploy/container_engine.sh brings them")
    subprocess.run(
        [DEPLOY / "container_engine.sh", "services", str(BUILD_SECONDS)], check=True, timeout=BUILD_SECONDS + 30
    )
    with tempfile.TemporaryDirectory() as directory:
        settings = Path(directory) / "env"
        make(settings)
        on_a_free_port = settings.read_text("utf-8").replace(
            "ILJARI_LISTEN=127.0.0.1:8080", "ILJARI_LISTEN=127.0.0.1:0"
        )
        settings.write_text(on_a_free_port, "utf-8")
        city = ComposedCity(f"iljari-test-{uuid4().hex[:8]}", settings)
        try:
            city.compose("up", "--detach", "--no-build", seconds=START_SECONDS)
            yield city
        finally:
            city.compose("down", "--volumes", "--timeout", "20", seconds=START_SECONDS)


def _compose() -> list[str]:
    """The plugin, else the older program of its own."""
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if plugin.returncode == 0:
        return ["docker", "compose"]
    return [
        shutil.which("docker-compose")
        or pytest.skip("a Docker engine, but neither `docker compose` nor docker-compose")
    ]
