"""Why a pair fits, as one sentence that a counselor can read aloud on the phone."""

from collections.abc import Iterator, Sequence
from typing import Literal

from shared.contracts import GateName, Reason
from shared.contracts.matches import ReasonCode
from shared.web import korean
from shared.web.catalogue import Language, say, sentences

SPEAKS_FOR: tuple[ReasonCode, ...] = (
    "occupation.wished",
    "skill.found",
    "certificate.held",
    "experience.enough",
    "wage.meets",
    "commute.near",
    "hours.fit",
    "text.shared",
)
"""Good news, in the order in which one would say it."""
ASKS_CARE: tuple[ReasonCode, ...] = (
    "skill.missing",
    "experience.short",
    "wage.below",
    "commute.far",
    "hours.over",
)
NoMatch = Literal["below_threshold", "shut_out", "not_enough_data"]

NAMES_SKILLS: tuple[ReasonCode, ...] = ("skill.found", "certificate.held")

MOST_GOOD_NEWS = 4
MOST_CAUTIONS = 2
MOST_TERMS = 3


def spoken_reason(reasons: Sequence[Reason], language: Language) -> str:
    """One sentence for one pair: what speaks for it, then what to mind."""
    good = _clauses(list(_each_said_once(reasons)), SPEAKS_FOR, language)[:MOST_GOOD_NEWS]
    cautions = _clauses(reasons, ASKS_CARE, language)[:MOST_CAUTIONS]
    if not good and not cautions:
        return say(language, "reason.none")
    return _in_korean(good, cautions) if language == "ko" else _in_english(good, cautions)


def would_fit_but_for(gate: GateName, language: Language) -> str:
    """One sentence for a pair that a single gate keeps apart."""
    return say(language, "verdict.but_for", gate=say(language, f"gate.{gate}"))


def no_match(verdict: NoMatch, shut: Sequence[GateName], language: Language) -> str:
    """One sentence for a pair that is no match; `shut` are the gates that keep the two apart."""
    if verdict != "shut_out":
        return say(language, f"verdict.{verdict}")
    gates = [say(language, f"gate.{gate}") for gate in shut]
    return say(
        language, "verdict.shut_out", gates=_joined(gates) if language == "en" else korean.listed(gates, len(gates))
    )


def _each_said_once(reasons: Sequence[Reason]) -> Iterator[Reason]:
    """Of the words that both sides use, only those that no skill or certificate has named already."""
    named = " ".join(term for code in NAMES_SKILLS for term in _terms(reasons, code)).casefold()
    for reason in reasons:
        if reason.code != "text.shared" or not reason.terms:
            yield reason
        elif words := tuple(word for word in reason.terms if word.casefold() not in named):
            yield reason.model_copy(update={"terms": words})


def _clauses(reasons: Sequence[Reason], codes: Sequence[ReasonCode], language: Language) -> list[str]:
    told = {reason.code for reason in reasons}
    return [_clause(code, _terms(reasons, code), language) for code in codes if code in told]


def _terms(reasons: Sequence[Reason], code: ReasonCode) -> list[str]:
    return list(dict.fromkeys(term for reason in reasons if reason.code == code for term in reason.terms))


def _clause(code: ReasonCode, terms: list[str], language: Language) -> str:
    key = f"reason.{code}"
    if not terms or f"{key}.terms" not in sentences(language):
        return say(language, key)
    words = korean.listed(terms, MOST_TERMS) if language == "ko" else _listed_in_english(terms)
    return say(language, f"{key}.terms", terms=words)


def _in_korean(good: list[str], cautions: list[str]) -> str:
    """Clauses are stems: joined by -고, turned by -지만, closed politely."""
    halves = ["고 ".join(half) for half in (good, cautions) if half]
    return korean.politely("지만, ".join(halves)) + "."


def _in_english(good: list[str], cautions: list[str]) -> str:
    halves = [_joined(half) for half in (good, cautions) if half]
    sentence = "; but ".join(halves)
    return sentence[0].upper() + sentence[1:] + "."


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _listed_in_english(terms: list[str]) -> str:
    more = len(terms) - MOST_TERMS
    return _joined([*terms[:MOST_TERMS], f"{more} more"] if more > 0 else terms)
