"""The blocks of a rematch on a Dask cluster: the index goes once to each worker, a lost worker's blocks are made again.

A block is a function of the index alone, so it does not matter who makes it, or how often. Workers need this same
version of Iljari; the index carries the epoch, its vocabulary and all that was worked out from the alias table.
"""

import socket
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from services.matching.engine.batch import Block, Listed, lists_of
from services.matching.engine.index import Index
from services.matching.engine.scorer import SCORER

CONNECT_SECONDS = 30
KNOCK_SECONDS = 5


class OtherVersion(Exception):
    """A worker's program scores otherwise than ours."""


def answers(address: str) -> bool:
    """Whether anybody listens at tcp://HOST:PORT or tls://HOST:PORT; who mistyped it is to know at once."""
    where = urlsplit(address)
    try:
        with socket.create_connection((where.hostname or "", where.port or 0), KNOCK_SECONDS):
            return True
    except (OSError, ValueError):
        return False


def on_cluster(address: str, index: Index, blocks: Sequence[Block]) -> Iterator[list[Listed]]:
    """The lists of each block, as they come.

    Raises:
        OSError: nobody answers at this address.
        OtherVersion: a worker runs another scorer.
    """
    from distributed import Client, as_completed

    with Client(  # type: ignore[no-untyped-call]
        address, timeout=CONNECT_SECONDS, set_as_default=False
    ) as client:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        (shipped,) = client.scatter([index], broadcast=True, hash=False)
        futures = client.map(_on_worker, [shipped] * len(blocks), blocks, pure=False, retries=3)
        for done in as_completed(futures, loop=client.loop):  # type: ignore[no-untyped-call]
            yield done.result()
            done.release()


def _on_worker(index: Index, block: Block) -> list[Listed]:
    if index.epoch.rules.scorer != SCORER:
        raise OtherVersion(f"this worker has scorer {SCORER}, the epoch needs {index.epoch.rules.scorer}")
    return lists_of(index, block)
