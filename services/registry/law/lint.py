"""What do the rules find in a posting? Findings with article, words, place and suggestion; never a verdict."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from services.registry.law.conditions import Condition, Offer, conditions, offer_of
from services.registry.law.licences import ABILITIES, AgencyLicence, Defaulters, shows_registration
from services.registry.law.rules import SEVERITY_KO, Rule, Rules, Severity, Words, shipped_rules
from services.registry.law.wording import Found, places, readable
from shared.contracts import PostingFacts

MAY_MISS = Words(
    ko="낱말로 찾은 참고 자료이며 놓친 것이 있을 수 있습니다. 판단은 사람이 합니다.",
    en="Found by words and figures; it may miss cases. The judgement is a person's.",
)
ORDER: tuple[Severity, ...] = ("block", "warn", "note")


@dataclass(frozen=True)
class LegalFinding:
    """One rule that speaks against the offer."""

    rule: str
    category: str
    severity: Severity
    article: Words
    found: tuple[Found, ...]
    message: Words
    suggestion: Words

    @property
    def words(self) -> tuple[str, ...]:
        """The words that were found, each once."""
        return tuple(dict.fromkeys(found.words for found in self.found))

    @property
    def severity_ko(self) -> str:
        return SEVERITY_KO[self.severity]

    def as_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "category": self.category,
            "severity": self.severity,
            "severity_ko": self.severity_ko,
            "article": self.article.ko,
            "article_en": self.article.en,
            "words": list(self.words),
            "places": [asdict(found) for found in self.found],
            "message_ko": self.message.ko,
            "message": self.message.en,
            "suggestion_ko": self.suggestion.ko,
            "suggestion": self.suggestion.en,
        }


def lint(  # noqa: PLR0913 - keywords, each a circumstance of its own
    posting: PostingFacts | Offer | str,
    *,
    on: date,
    work_on: date | None = None,
    licence: AgencyLicence | None = None,
    defaulters: Defaulters | None = None,
    rules: Rules | None = None,
) -> tuple[LegalFinding, ...]:
    """Everything the rules find, the gravest first.

    Args:
        posting: facts, or a piece of text, of which nothing is expected that it does not say.
        on: the day of the check: which rules hold, and whether the closing date has passed.
        work_on: a day on which the work is done: its year's minimum wage counts. Without it the last day the posting
            names, else `on`.
        licence: the sender's.
        defaulters: a published list of firms that owe wages.
        rules: instead of those that come with Iljari.
    """
    held = rules or shipped_rules()
    offer = _offer(posting)
    found = [
        *_wordings(offer, held, on, licence),
        *_facts(offer, held, on, work_on or offer.closes_on or offer.opened_on or on),
    ]
    found += [*_sender(offer, held, on, licence), *_firm(offer, held, on, defaulters)]
    return tuple(sorted(found, key=lambda each: ORDER.index(each.severity)))


def _offer(posting: PostingFacts | Offer | str) -> Offer:
    if isinstance(posting, str):
        return Offer({"text": readable(posting)}, asked=frozenset())
    return posting if isinstance(posting, Offer) else offer_of(posting)


def _wordings(offer: Offer, rules: Rules, on: date, licence: AgencyLicence | None) -> Iterator[LegalFinding]:
    title = offer.title
    for rule in rules.in_force(on):
        if not rule.sought or not _concerns(rule, licence):
            continue
        found = [place for where, text in offer.texts.items() for place in places(rule, text, where, title)]
        if found:
            yield _finding(rule, tuple(found))


def _concerns(rule: Rule, licence: AgencyLicence | None) -> bool:
    return not rule.data.licences or (licence is not None and licence.kind in rule.data.licences)


def _facts(offer: Offer, rules: Rules, on: date, work_on: date) -> Iterator[LegalFinding]:
    for condition in conditions(offer, on, work_on.year, rules):
        rule = rules.rule(condition.rule_id, on)
        if rule:
            yield _finding(rule, condition.found, condition)


def _sender(offer: Offer, rules: Rules, on: date, licence: AgencyLicence | None) -> Iterator[LegalFinding]:
    rule = rules.rule("licence.number_missing", on)
    if rule is None or licence is None or not ABILITIES[licence.kind].must_show_registration:
        return
    if not licence.registration_number and not shows_registration(offer.texts.values()):
        yield _finding(rule, ())


def _firm(offer: Offer, rules: Rules, on: date, defaulters: Defaulters | None) -> Iterator[LegalFinding]:
    likeness = defaulters.likeness(offer.employer, offer.registration_number) if defaulters else None
    rule = rules.rule("defaulter.named" if likeness == "same firm" else "defaulter.same_name", on)
    if likeness and rule:
        yield _finding(rule, (Found(offer.employer, "employer", 0, len(offer.employer)),))


def _finding(rule: Rule, found: tuple[Found, ...], detail: Condition | None = None) -> LegalFinding:
    data = rule.data
    message = data.message
    if detail and detail.detail:
        message = Words(ko=f"{message.ko} {detail.detail_ko}", en=f"{message.en} {detail.detail}")
    return LegalFinding(data.id, data.category, data.severity, data.article, found, message, data.suggestion)
