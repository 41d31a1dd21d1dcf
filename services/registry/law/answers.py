"""What does intake tell a sender of what the rules found? Which finding sends a posting back is data: `policy.toml`."""

from dataclasses import replace
from datetime import date
from typing import Literal

from services.registry.law.conditions import offer_of
from services.registry.law.licences import AgencyLicence, Defaulters
from services.registry.law.lint import LegalFinding, lint
from services.registry.law.rules import Policy, Rules, shipped_rules
from shared.contracts import Finding, PostingFacts

LONGEST = 500


def findings_for(  # noqa: PLR0913 - keywords, each a circumstance of its own
    facts: PostingFacts,
    on: date,
    licence: AgencyLicence | None = None,
    *,
    employer_number: str | None = None,
    defaulters: Defaulters | None = None,
    rules: Rules | None = None,
) -> tuple[Finding, ...]:
    """The answer's findings for a posting that arrives on a day; its work is done then or after its closing date.

    Args:
        employer_number: the firm's registration number, by which a listed firm is told from one of the same name.
    """
    held = rules or shipped_rules()
    work_on = max(on, facts.closes_on or on)
    offer = replace(offer_of(facts), registration_number=employer_number)
    found = lint(offer, on=on, work_on=work_on, licence=licence, defaulters=defaulters, rules=held)
    return tuple(_told(each, held.policy) for each in found if each.rule not in held.policy.told_by_intake)


def severity_of(found: LegalFinding, policy: Policy) -> Literal["refusal", "hold", "warning", "remark"]:
    """차단 refuses or holds in the policy's categories; elsewhere it is a warning."""
    if found.severity == "block" and found.category in policy.refuse:
        return "refusal"
    if found.rule in policy.hold or (found.severity == "block" and found.category in policy.hold):
        return "hold"
    return "remark" if found.severity == "note" else "warning"


def _told(found: LegalFinding, policy: Policy) -> Finding:
    words = ", ".join(f"“{word}”" for word in found.words)[:120]
    return Finding(
        code="LAW_" + found.rule.replace(".", "_").upper(),
        severity=severity_of(found, policy),
        where=", ".join(dict.fromkeys(place.where for place in found.found))[:200],
        message=_sentence(found.article.en, words, found.message.en),
        message_ko=_sentence(found.article.ko, words, found.message.ko),
        hint=f"{found.suggestion.ko} {found.suggestion.en}"[:LONGEST],
    )


def _sentence(article: str, words: str, message: str) -> str:
    return f"{words}{': ' if words else ''}{message} ({article})"[:LONGEST]
