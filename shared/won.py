"""How much is a sum of money that is written with Korean numerals?"""

import re

PART = re.compile(r"(\d[\d,]*(?:\.\d+)?)|([억만천백십])")
SMALL = {"천": 1_000, "백": 100, "십": 10}
LARGE = {"억": 100_000_000, "만": 10_000}


def won(words: str) -> int:
    """`9,500`, `9천5백`, `1억 2천만`, `만`: what stands before 만 and 억 counts so often."""
    whole = section = 0.0
    number: float | None = None
    for digits, sign in PART.findall(words):
        if digits:
            number = float(digits.replace(",", ""))
        elif sign in SMALL:
            section, number = section + (1 if number is None else number) * SMALL[sign], None
        else:
            section += number or 0
            whole, section, number = whole + (section or 1) * LARGE[sign], 0.0, None
    return round(whole + section + (number or 0))
