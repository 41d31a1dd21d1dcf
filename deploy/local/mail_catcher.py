"""Where does mail go that a local system sends? Into a folder, each letter a file, for `/demo-mail` to show; never out.

Run as `python -m deploy.local.mail_catcher FOLDER DESCRIPTOR`, where the descriptor is the listening socket that the
supervisor holds.
"""

import asyncio
import os
import socket
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from shared.clock import now

MOST_KEPT = 500
LARGEST_BYTES = 1_000_000


class Folder:
    """Takes every letter."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.keep(envelope.content if isinstance(envelope.content, bytes) else b"")
        return "250 kept"

    def keep(self, letter: bytes) -> None:
        """Write it whole or not at all, and let the oldest go."""
        draft = self.path / f"{now():%Y%m%dT%H%M%S%f}-{os.getpid()}.draft"
        draft.write_bytes(letter)
        draft.rename(draft.with_suffix(".eml"))
        for old in sorted(self.path.glob("*.eml"))[:-MOST_KEPT]:
            old.unlink(missing_ok=True)


async def catch(path: Path, listener: socket.socket) -> None:
    """Catch for ever."""
    folder = Folder(path)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(folder, hostname="localhost", data_size_limit=LARGEST_BYTES, loop=loop), sock=listener
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(catch(Path(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))))
