"""What does a JSON Resume say, without its nesting? What someone can and wishes; who she is has fields of its own.

Her picture, links, street, schools, references and past employers' names are not looked at.
"""

from datetime import date
from typing import Any

from shared.clock import KST, now


def is_resume(values: dict[str, Any]) -> bool:
    return isinstance(values.get("basics"), dict)


def plain(resume: dict[str, Any]) -> dict[str, Any]:
    """The résumé as one flat row; the names of its fields are those of JSON Resume 1.0.0."""
    basics = resume["basics"]
    place = basics.get("location") if isinstance(basics.get("location"), dict) else {}
    jobs = _nodes(resume, "work")
    skills = [word for skill in _nodes(resume, "skills") for word in (skill.get("name"), *_list(skill, "keywords"))]
    return {name: basics.get(name) for name in ("name", "email", "phone", "label", "summary")} | {
        "work": [text for job in jobs for text in (job.get("position"), job.get("summary"), *_list(job, "highlights"))],
        "work.months": _months(jobs) if jobs else None,
        "skills": skills + [each.get("language") for each in _nodes(resume, "languages")],
        "certificates": [each.get("name") for each in _nodes(resume, "certificates")],
        "location": " ".join(str(place[part]) for part in ("region", "city") if place.get(part)),
    }


def _nodes(node: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [each for each in _list(node, name) if isinstance(each, dict)]


def _list(node: dict[str, Any], name: str) -> list[Any]:
    value = node.get(name)
    return value if isinstance(value, list) else []


def _months(jobs: list[dict[str, Any]]) -> int | None:
    """The months in which she had work: two jobs at once count once, and one without an end goes on."""
    worked: set[int] = set()
    for job in jobs:
        start, end = (
            _month(job.get("startDate")),
            _month(job.get("endDate") or now().astimezone(KST).date().isoformat()),
        )
        if start is not None and end is not None:
            worked.update(range(start, min(end, start + 720)))
    return len(worked) if worked else None


def _month(said: Any) -> int | None:
    """Months since the year 0 of `2014`, `2014-06` or `2014-06-29`."""
    year, _, rest = str(said or "").partition("-")
    try:
        day = date(int(year), int(rest[:2] or 1), 1)
    except ValueError:
        return None
    return day.year * 12 + day.month
