"""Internet addresses: classification of all their notations."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_NAT64 = ip_network("64:ff9b::/96")
_COMPATIBLE = ip_network("::/96")
_SERVICES_OF_CLOUDS = frozenset(map(ip_address, ("100.100.100.200", "168.63.129.16", "fd00:ec2::254", "192.0.0.192")))
"""Where machines ask their cloud about themselves, outside the link-local addresses."""


def address_in(text: str) -> Address | None:
    """The address that a text is, an IPv4 address in an IPv6 one as itself (`::ffff:127.0.0.1`); None for a name."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def is_loopback(host: str) -> bool:
    """Whether only this machine can call a host (loopback); of names only localhost is one (RFC 6761, 6.3)."""
    address = address_in(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def may_be_called(address: Address, networks: tuple[Network, ...]) -> bool:
    """Whether a call that others have asked for may go to an address: a public one, or one in these networks.

    Never to link-local addresses, to services of a cloud for its own machines, and to what is no host's address; nor
    to an IPv6 address that stands for an IPv4 address that may not be called.
    """
    return all(_may_be_called(each, networks) for each in _meant(address))


def _may_be_called(address: Address, networks: tuple[Network, ...]) -> bool:
    if address.is_link_local or address.is_multicast or address.is_unspecified or address in _SERVICES_OF_CLOUDS:
        return False
    is_site_local = isinstance(address, IPv6Address) and address.is_site_local
    return (address.is_global and not is_site_local) or any(address in network for network in networks)


def _meant(address: Address) -> Iterator[Address]:
    """An address and the IPv4 addresses that it is a way to write or to reach."""
    if isinstance(address, IPv4Address):
        yield address
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
        return
    yield address
    if address.sixtofour is not None:  # RFC 3056
        yield address.sixtofour
    if address.teredo is not None:  # RFC 4380
        yield from address.teredo
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):  # RFC 6052; RFC 4291, 2.5.5.1
        yield IPv4Address(int(address) & 0xFFFFFFFF)
