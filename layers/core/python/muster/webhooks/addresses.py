"""Which addresses may be sent to, and the one look-up that decides it.

A URL comes from a stranger and its name from the stranger's name server. So a name is looked up once, each of its
addresses has to be allowed, and the connection goes to one of these very addresses: whatever the name resolves
to a moment later is never asked.
"""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, SimpleQueue
from threading import Thread

from pydantic import AnyHttpUrl

from muster.core.delivery import endpoint_url

Address = IPv4Address | IPv6Address

_NEVER = [ip_network(block) for block in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "fd20:ce::/32")]
"""Link-local, and where clouds keep the credentials of their machines."""
_LOCAL = [
    ip_network(block)
    for block in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
]
_UNICAST = ip_network("2000::/3")
_NOBODYS = [ip_network(block) for block in ("192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
"""Tunnels (6to4, Teredo), which could carry any address, and documentation; Python's releases differ about them."""
_NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom a message may go to: public addresses by https. `local` adds http, this machine and private networks."""

    local: bool = False


class AddressRefused(Exception):
    """the address of the endpoint is not allowed"""

    def __init__(self, problem: str | None = None) -> None:
        super().__init__(problem or type(self).__doc__)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL in its parts: `host` is a name in ASCII or an address without brackets, `target` path and query."""

    https: bool
    host: str
    port: int
    target: str


def endpoint_of(url: str, policy: Policy) -> Endpoint:
    """Read a URL, whatever its spelling. Raises AddressRefused for all that can be refused without a look-up."""
    try:
        parts = AnyHttpUrl(endpoint_url(url))
    except ValueError as error:
        raise AddressRefused(f"the endpoint's URL {error}") from None
    https, host = parts.scheme == "https", (parts.host or "").strip("[]")
    if not https and not policy.local:
        raise AddressRefused("the endpoint is not https")
    literal = _literal(host)
    if literal and not is_allowed(literal, policy):
        raise AddressRefused
    query = "" if parts.query is None else f"?{parts.query}"
    return Endpoint(https, host, parts.port or (443 if https else 80), f"{parts.path or '/'}{query}")


def resolve(host: str, policy: Policy, seconds: float) -> list[Address]:
    """The addresses of a host, in the order in which they should be tried.

    Raises AddressRefused if one of them is not allowed, OSError if there is none, TimeoutError if it takes longer.
    """
    literal = _literal(host)
    found = [literal] if literal else [ip_address(text) for text in _look_up(host, seconds)]
    if not all(is_allowed(address, policy) for address in found):
        raise AddressRefused
    return found


def is_allowed(address: Address, policy: Policy) -> bool:
    """Whether a message may go there."""
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        address = _carried(address) or address
    if any(address in block for block in _NEVER):
        return False
    return _is_public(address) or (policy.local and any(address in block for block in _LOCAL))


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to this one end up at."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast:
        return False
    return not any(address in block for block in _NOBODYS) and (address.version == 4 or address in _UNICAST)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _look_up(host: str, seconds: float) -> list[str]:
    """Addresses by the system's resolver, which knows no time limit: the thread that waits for it may outlive us."""
    told: SimpleQueue[list[str] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            told.put(list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found)))
        except (OSError, UnicodeError) as error:
            told.put(error)

    Thread(target=ask, daemon=True).start()
    try:
        answer = told.get(timeout=seconds)
    except Empty:
        raise TimeoutError("the name was not resolved in time") from None
    if isinstance(answer, Exception) or not answer:
        raise OSError("the name does not resolve")
    return answer
