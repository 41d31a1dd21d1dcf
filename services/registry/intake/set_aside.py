"""Where do texts lie that are more than memory should hold? Sealed, in a file without a name, until they are let go."""

from array import array
from functools import lru_cache
from tempfile import SpooledTemporaryFile

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TEXTS_A_BLOCK = 64
BLOCKS_AT_HAND = 128
IN_MEMORY_BYTES = 8_000_000
NONCE_BYTES = 12


class SetAside:
    """Texts by number, as they were added. Their key is in memory alone: on the disk nobody can read them."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - `close` closes it
        self._cipher = AESGCM(AESGCM.generate_key(128))
        self._ends = array("Q", [0])
        self._newest: list[str] = []
        self._block = lru_cache(BLOCKS_AT_HAND)(self._unsealed)

    def add(self, text: str) -> None:
        self._newest.append(text)
        if len(self._newest) == TEXTS_A_BLOCK:
            words = "\0".join(self._newest).encode("utf-8", "surrogatepass")
            self._file.seek(self._ends[-1])
            self._file.write(self._cipher.encrypt(_nonce(len(self._ends) - 1), words, None))
            self._ends.append(self._file.tell())
            self._newest = []

    def __len__(self) -> int:
        return (len(self._ends) - 1) * TEXTS_A_BLOCK + len(self._newest)

    def __getitem__(self, number: int) -> str:
        block, place = divmod(number, TEXTS_A_BLOCK)
        return self._newest[place] if block == len(self._ends) - 1 else self._block(block)[place]

    def close(self) -> None:
        self._file.close()

    def _unsealed(self, block: int) -> list[str]:
        start, end = self._ends[block], self._ends[block + 1]
        self._file.seek(start)
        words = self._cipher.decrypt(_nonce(block), self._file.read(end - start), None)
        return words.decode("utf-8", "surrogatepass").split("\0")


def _nonce(block: int) -> bytes:
    return block.to_bytes(NONCE_BYTES, "big")
