"""Every sentence people read, in Korean and English, found by its key."""

import json
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from shared.web.korean import Word

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
FOLDER = Path(__file__).parent / "sentences"


@cache
def sentences(language: Language) -> dict[str, str]:
    """All sentences of a language. A key that ends in `.one` serves for a count of one."""
    held: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return held


def say(language: Language, key: str, **values: object) -> str:
    """The sentence with its values set in; Korean particles after a value follow its last sound."""
    held = sentences(language)
    one = f"{key}.one" if values.get("count") == 1 else key
    words = {name: Word(value) if isinstance(value, str) else value for name, value in values.items()}
    return held.get(one, held[key]).format_map(words)


def occupation_name(code: str, language: Language) -> str:
    """What a group of occupations is called, by the first two digits of its KECO code; the code where none is known."""
    return sentences(language).get(f"occupation.{code[:2]}", code)
