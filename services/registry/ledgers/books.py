"""Which ledgers are there? Apart from their rows: the command asks before it knows a database."""

from typing import Literal, get_args

Book = Literal["orders", "seekers", "placements"]
"""구인접수대장, 구직접수대장, 직업소개대장."""
BOOKS: tuple[Book, ...] = get_args(Book)
