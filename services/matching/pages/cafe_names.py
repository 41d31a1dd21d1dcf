"""What cafés are called: asked of registry at the moment of showing, for matching knows them by their ids alone."""

import httpx
import structlog
from pydantic import ValidationError

from services.matching.settings import MatchingSettings
from shared.asking import CAFES, CAFES_TOLD, registry

WAIT_SECONDS = 1.0

log = structlog.get_logger()


class CafeNames:
    """Asks registry; a page that cannot learn the names goes without."""

    def __init__(self, settings: MatchingSettings) -> None:
        self._settings = settings

    def told(self) -> dict[str, str]:
        """By id; none when registry cannot be reached."""
        try:
            with registry(self._settings, WAIT_SECONDS) as client:
                answer = client.get(CAFES).raise_for_status()
            return {str(cafe.cafe_id): cafe.name for cafe in CAFES_TOLD.validate_json(answer.content)}
        except (httpx.HTTPError, ValidationError) as error:
            log.warning("registry_unreachable", path=CAFES, error=type(error).__name__)
            return {}
