"""Which addresses lie in the public net: whoever names a machine that we then call may name none of the inside."""

import ipaddress
import socket

TRANSLATED = tuple(
    ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")
)
"""Nets whose addresses hide an older one, of the inside perhaps."""


def is_public(address: str) -> bool:
    """Whether an address lies in the public net: not private, local, shared, multicast, nor another in disguise."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return is_public(str(parsed.ipv4_mapped))
        if any(parsed in net for net in TRANSLATED):
            return False
    return parsed.is_global and not parsed.is_multicast


def names_the_inside(host: str) -> bool:
    """Whether a host is of the inside by what it says alone: an address in any spelling, or a name for this machine.

    No other name is looked up: what it leads to may be another address by the time it is called.
    """
    plain = host.rstrip(".").lower()
    if plain == "localhost" or plain.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        found = socket.getaddrinfo(plain, None, flags=socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        return False
    return not all(is_public(str(entry[4][0])) for entry in found)
