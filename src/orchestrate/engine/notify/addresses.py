"""Which addresses belong to everybody: what we send reaches no other one, unless that is set."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(host: str) -> bool:
    """Whether a resolved address is one that anybody could reach; False for what is no address."""
    try:
        found = _meant(ip_address(host.partition("%")[0]))
    except ValueError:
        return False
    return found.is_global and not found.is_multicast


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address within an IPv6 one that stands for it."""
    if isinstance(address, IPv4Address):
        return address
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address
