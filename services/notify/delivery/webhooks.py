"""Calling an agency's own machine (Standard Webhooks): signed, under one id, and never a machine of the inside.

Whoever names a webhook makes us connect to it, so the name is resolved here, every address it has must lie in the
public net, and the connection goes to the very address that was looked at: a name that points elsewhere a moment later
changes nothing. Redirects are not followed.
"""

import socket
from datetime import timedelta
from typing import Any

import anyio
import httpx
from standardwebhooks import Webhook

from services.notify.delivery.addresses import Address
from services.notify.delivery.channels import Letter, Outcome
from shared.clock import now
from shared.web.public_net import is_public

LONGEST_SECONDS = 15.0
"""For all of a call together: whoever answers a byte at a time is not waited for."""
WAITS: dict[str, Any] = {"timeout": httpx.Timeout(LONGEST_SECONDS, connect=5.0).as_dict()}
LARGEST_ANSWER = 64_000
LONGEST_REQUESTED_WAIT = timedelta(hours=24)


class NotAllowed(Exception):
    """URL_NOT_ALLOWED: this address is of the inside, or no https address at all."""


class HookWay:
    """Calls webhooks.

    Args:
        inside: let addresses of the inside and plain http pass; for tests and closed networks.
    """

    def __init__(self, *, inside: bool = False) -> None:
        self._inside = inside
        self._trusted = httpx.create_ssl_context(trust_env=False)

    def send(self, letter: Letter, addresses: tuple[Address, ...]) -> Outcome:
        hook = addresses[0]  # an agency has one
        try:
            request = self._request(letter, hook)
        except NotAllowed:
            return Outcome("permanent", "URL_NOT_ALLOWED", refused=(hook.address_ref,))
        except OSError:
            return Outcome("temporary", "NAME_NOT_RESOLVED")
        try:
            return anyio.run(self._call, request, hook)
        except TimeoutError:
            return Outcome("unknown", "ANSWER_TOO_LONG")
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Outcome("temporary", f"HTTP_{type(error).__name__.upper()}")
        except httpx.HTTPError as error:
            return Outcome("unknown", f"HTTP_{type(error).__name__.upper()}")

    def _request(self, letter: Letter, hook: Address) -> httpx.Request:
        url = httpx.URL(hook.address)
        allowed = ("https", "http") if self._inside else ("https",)
        if url.scheme not in allowed or not url.host or url.userinfo:
            raise NotAllowed(url.scheme)
        address = public_address(url.host, url.port or (443 if url.scheme == "https" else 80), inside=self._inside)
        headers = signed(letter, hook.secrets) | {
            "Host": url.netloc.decode("ascii"),
            "Content-Type": "application/json",
            "User-Agent": "Iljari",
        }
        return httpx.Request(
            "POST",
            url.copy_with(host=address),
            content=letter.body.encode(),
            headers=headers,
            extensions=WAITS | ({"sni_hostname": url.host} if url.scheme == "https" else {}),
        )

    async def _call(self, request: httpx.Request, hook: Address) -> Outcome:
        """Call within the longest time there is. Raises TimeoutError beyond it, and what httpx raises."""
        # A proxy would resolve the name once more; the certificate is still checked against the name.
        async with httpx.AsyncClient(verify=self._trusted, trust_env=False) as client:
            with anyio.fail_after(LONGEST_SECONDS):
                return await self._answer(client, request, hook)

    async def _answer(self, client: httpx.AsyncClient, request: httpx.Request, hook: Address) -> Outcome:
        response, read = await client.send(request, stream=True, follow_redirects=False), 0
        async for piece in response.aiter_raw():
            read += len(piece)
            if read > LARGEST_ANSWER:
                return Outcome("unknown", "ANSWER_TOO_LONG")
        return _outcome(response, hook)


def public_address(host: str, port: int, *, inside: bool = False) -> str:
    """The address to connect to. Raises `NotAllowed` where any of the name's is of the inside, OSError for none."""
    found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    if not inside and not all(is_public(address) for address in found):
        raise NotAllowed(host)
    return min(found, key=lambda address: (":" in address, address))


def signed(letter: Letter, secrets: tuple[str, ...]) -> dict[str, str]:
    """The headers of Standard Webhooks: one id for all attempts, the time of this one, a signature by each secret."""
    instant, name = now(), f"msg_{letter.delivery_id.hex}"
    signatures = [Webhook(secret).sign(name, instant, letter.body) for secret in secrets]
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(instant.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _outcome(response: httpx.Response, hook: Address) -> Outcome:
    if response.is_success:
        return Outcome("sent")
    code = f"HTTP_{response.status_code}"
    if response.status_code == httpx.codes.GONE:
        return Outcome("permanent", code, refused=(hook.address_ref,))
    return Outcome("temporary", code, again_after=_asked_wait(response.headers))


def _asked_wait(headers: Any) -> timedelta | None:
    told = headers.get("retry-after", "")
    return min(timedelta(seconds=int(told)), LONGEST_REQUESTED_WAIT) if told.isdigit() and len(told) < 8 else None
