"""How does a new installation come to its settings? The example, with a fresh secret in each place left empty.

python -m deploy.new_env FILE      makes FILE from deploy/.env.example; never overwrites one
"""

import secrets
import sys
from pathlib import Path

EXAMPLE = Path(__file__).with_name(".env.example")


def filled(example: str) -> str:
    """The example with a secret after each empty `NAME=`; letters and digits alone, for secrets go into URLs."""
    lines = example.splitlines()
    return "".join(f"{line}{secrets.token_hex(24) if _wants_secret(line) else ''}\n" for line in lines)


def _wants_secret(line: str) -> bool:
    return line.endswith("=") and not line.startswith("#")


def make(path: Path) -> None:
    """Write it, readable by its owner alone."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(filled(EXAMPLE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m deploy.new_env FILE")
    try:
        make(Path(sys.argv[1]))
    except FileExistsError:
        sys.exit(f"{sys.argv[1]} is there already and holds secrets in use: remove it first if you mean it")
