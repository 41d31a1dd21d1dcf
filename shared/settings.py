"""What every service is told from outside: where its servers are, its secrets, its limits. Read once, in `app.py`."""

import socket
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class ServiceSettings(BaseSettings):
    """Settings that all services share; each subclass gives its own prefix, such as `MATCHING_REDIS_URL`."""

    redis_url: str = "redis://127.0.0.1:6379/0"
    database_url: str
    consumer: str = Field(default_factory=socket.gethostname)
    """Name within the consumer group; stable over restarts, distinct among replicas."""
    public_url: str = "http://127.0.0.1:8765"
    session_key: SecretStr
    operator_token: SecretStr
    service_token: SecretStr

    batch_size: Annotated[int, Field(ge=1, le=10_000)] = 500
    """Most events taken in one transaction."""
    reclaim_after_ms: Annotated[int, Field(ge=100)] = 30_000
    """A delivery older than this was lost with its worker and is taken again; longer than the longest handler."""
    burial_limit: Annotated[int, Field(ge=1)] = 5
    """Deliveries after which a message that still fails is buried."""
    burial_fuse: Annotated[int, Field(ge=1)] = 50
    """Burials in a row, with no success between, after which the service stops burying and asks for help."""
    keep_hours: Annotated[int, Field(ge=1)] = 72
    """How long said events and heard ids are kept: an emptied Redis is filled again from them."""
    write_limit: str = "1200/minute"
    """How often one account, or one address with an agency's key, may write; in each process for itself."""
    stranger_write_limit: str = "300/minute"
    """How often one address may that has not signed in; a café's visitors may share one."""
    otlp_endpoint: str | None = None
    """Where traces go (OpenTelemetry over HTTP); None keeps them in the log lines alone."""
    allow_unsafe_redis: bool = False
    """Start although Redis may lose or evict what it holds. For development only."""
