"""What does a file say that holds a public service's answer and no rows? Its code, and what to do about it."""

import re
from typing import Any

from services.registry.intake.findings import finding
from shared.contracts import Finding

CODE = re.compile(r"[A-Z]{1,10}-\d{1,5}")
DONE, NONE = "INFO-000", "INFO-200"


def no_rows(code: object) -> Finding | None:
    """Why a service sent no rows, if this is the code of such an answer."""
    if not isinstance(code, str) or not CODE.fullmatch(code.strip()) or code.strip() == DONE:
        return None
    return finding("SERVICE_EMPTY" if code.strip() == NONE else "SERVICE_REFUSED", "RESULT", found=code.strip())


def no_rows_in(document: dict[str, Any]) -> Finding | None:
    """The same of a document: `RESULT` stands alone, or under the service's name."""
    for held in (document, *document.values()):
        if isinstance(held, dict) and isinstance(result := held.get("RESULT"), dict):
            return no_rows(result.get("CODE"))
    return None
