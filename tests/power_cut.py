"""How does a test take the power from a Redis? Kill it, then leave of its log only what was on the disk."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.servers import LocalRedis, program

SOURCE = Path(__file__).with_suffix(".c")


class PowerCut:
    """Watches which bytes of a server's log reached the disk.

    Start the server with `environment=power_cut.environment`.
    """

    def __init__(self, directory: Path) -> None:
        self.notes = directory / "synced"
        self.notes.mkdir()
        self._shim = directory / "power_cut.so"
        options = ("-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-ldl")
        subprocess.run([program("gcc"), SOURCE, "-o", self._shim, *options], check=True)

    @property
    def environment(self) -> Mapping[str, str]:
        return {"LD_PRELOAD": str(self._shim), "POWER_CUT_NOTES": str(self.notes)}

    def strike(self, server: LocalRedis) -> None:
        """Take the power away. Bases and manifests are synced before they get their names; the growing logs are not."""
        server.kill()
        for log in server.directory.glob("appendonlydir/*.incr.aof"):
            note = self.notes / log.name
            with log.open("r+b") as file:
                file.truncate(int(note.read_text()) if note.exists() else 0)
