"""What does intake tell a sender of what the rules found? Which finding sends a posting back is data: `policy.toml`."""

from datetime import date
from typing import Literal

from services.registry.law.licences import AgencyLicence, Defaulters
from services.registry.law.lint import LegalFinding, lint
from services.registry.law.rules import Policy, Rules, shipped_rules
from shared.contracts import Finding, PostingFacts

LONGEST = 500


def findings_for(
    facts: PostingFacts,
    on: date,
    licence: AgencyLicence | None = None,
    *,
    defaulters: Defaulters | None = None,
    rules: Rules | None = None,
) -> tuple[Finding, ...]:
    """The answer's findings for a posting that arrives on a day; its work is done then or after its closing date."""
    held = rules or shipped_rules()
    work_on = max(on, facts.closes_on or on)
    found = lint(facts, on=on, work_on=work_on, licence=licence, defaulters=defaulters, rules=held)
    return tuple(_told(each, held.policy) for each in found if each.rule not in held.policy.told_by_intake)


def severity_of(found: LegalFinding, policy: Policy) -> Literal["refusal", "warning", "remark"]:
    """차단 refuses only in the policy's categories; elsewhere it is a warning, for a person to settle."""
    if found.severity == "note":
        return "remark"
    refuses = found.severity == "block" and found.category in policy.refuse
    return "refusal" if refuses else "warning"


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
