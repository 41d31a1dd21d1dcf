"""What does a person see when the system is ready? The demo city loading, then where to look and who to sign in as."""

from dataclasses import dataclass

import typer

from deploy.local.supervisor import LocalSystem


@dataclass(frozen=True)
class Welcome:
    """Called by the supervisor when every service is ready."""

    load_demo: bool

    def __call__(self, system: LocalSystem) -> None:
        typer.echo(f"준비되었습니다. Ready: {system.url}")
