"""The same city, where the new posting opens the first epoch: matching makes every list anew at once."""

from tests.campaign import city_scene
from tests.campaign.city_scene import POSTINGS, SEEKERS, drain, recover

SERVICES: tuple[str, ...] = ("matching",)

__all__ = ["SERVICES", "begin", "drain", "recover"]

city_scene.FIRST_EPOCH_AT = len(SEEKERS) + len(POSTINGS) + 1


def begin(directory: str, redis_url: str, bug: str | None = None) -> None:
    """A city at rest, and a new posting that registry has just published."""
    city_scene.begin(directory, redis_url, bug)
    drain(directory, redis_url, "registry", bug)
