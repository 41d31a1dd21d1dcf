"""Is a password too easily guessed? Judged when it is chosen; every one that passes is taken as it is, whole."""

SHORTEST = 10
LONGEST = 200
LEAST_GUESSES = 1_000_000
"""With ten wrong attempts in a quarter of an hour: a thousand days of guessing."""
LOOKED_AT = 72
"""Characters that the estimate reads: what these stand, the longer one stands."""


def guessable(password: str, *known: str) -> bool:
    """Whether it falls to lists of common passwords, names and words, to keys in a row, dates or repeats.

    Args:
        known: what others know of its owner, such as her name and how she signs in.
    """
    from zxcvbn import zxcvbn  # its lists take memory that only who takes in accounts should spend

    told = [word for each in known for word in (each, *each.split()) if word]
    return bool(zxcvbn(password[:LOOKED_AT], user_inputs=told)["guesses"] < LEAST_GUESSES)
