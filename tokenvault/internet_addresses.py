"""Internet addresses: what they are, however they are written."""

from ipaddress import IPv4Address, IPv6Address, ip_address

Address = IPv4Address | IPv6Address


def address_in(text: str) -> Address | None:
    """The address that a text is, an IPv4 address in an IPv6 one as itself (`::ffff:127.0.0.1`); None for a name."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can call a host; of names only localhost is known to be one (RFC 6761, 6.3)."""
    address = address_in(host)
    return host.lower() == "localhost" if address is None else address.is_loopback
