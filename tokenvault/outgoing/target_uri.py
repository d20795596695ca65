"""The target URI of a call (RFC 9110, 7.1), normalized for comparison (RFC 3986, 6.2)."""

import re
from ipaddress import AddressValueError, IPv6Address

_DEFAULT_PORTS = {"http": 80, "https": 443}
_PORT_MAX = 65535
_URI = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?:\?[^#]*)?(?:#.*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._~!$&'()*+,;=-]+)(?::(?P<port>0*[0-9]{0,5}))?")
# RFC 3986: every character of a URI, and those of them that may stand in a path.
_URI_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})*)+")
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def normalized(uri: str) -> str:
    """An `http` or `https` URI without query and fragment, in the one way in which equal URIs are written alike.

    Scheme and host in lower case; the scheme's default port and an empty one left out; an IPv6 address in its short
    form; an empty path as `/`; percent-encoded unreserved characters decoded and the other triplets in upper case;
    dot segments removed. What could make two servers out of one name stays apart: a dot at the end of a host is kept.
    Raises: ValueError for what is no such URI: another scheme, user information, characters that a URI has not (a host
    outside ASCII is written in A-labels), a broken percent-encoding, a port that there is not.
    Source: RFC 3986, 6.2.2 and 6.2.3; RFC 9110, 4.2.3 and 4.2.4.
    """
    if not _URI_CHARACTERS.fullmatch(uri) or not (parts := _URI.fullmatch(uri)):
        raise ValueError("is not an http or https URI")
    scheme = parts["scheme"].lower()
    authority = _AUTHORITY.fullmatch(_unreserved_decoded(parts["authority"]).lower())
    if authority is None:
        raise ValueError("has a host or a port that is not valid in a URI")
    port = int(authority["port"] or _DEFAULT_PORTS[scheme])
    if port > _PORT_MAX:
        raise ValueError("has an invalid port")
    path = _unreserved_decoded(parts["path"]) or "/"
    if not _PATH.fullmatch(path):
        raise ValueError("has a path with invalid percent-encoding")
    shown_port = "" if port == _DEFAULT_PORTS[scheme] else f":{port}"
    return f"{scheme}://{_short_host(authority['host'])}{shown_port}{_without_dot_segments(path)}"


def host_of(uri: str) -> str:
    """The host of an `http` or `https` URI as `normalized` writes it, an IPv6 address without its brackets.

    Raises: ValueError, as `normalized` does.
    """
    authority = normalized(uri).split("/")[2]
    return authority[1:].partition("]")[0] if authority.startswith("[") else authority.partition(":")[0]


def named_host(header: str) -> str | None:
    """The host that a `Host` header names, with or without a port (RFC 9110, 7.2); None where it is not one."""
    if re.search("[/?#]", header):
        return None
    try:
        return host_of(f"http://{header}")
    except ValueError:
        return None


def is_host(text: str) -> bool:
    """Whether a text is a host alone, without a port: a name, an IPv4 address, or an IPv6 address without brackets."""
    return named_host(f"[{text}]" if ":" in text else text) == text.lower()


def _unreserved_decoded(text: str) -> str:
    """Percent-encodings of unreserved characters decoded, the others in upper case (RFC 3986, 6.2.2.1 and 6.2.2.2)."""

    def one(triplet: re.Match[str]) -> str:
        character = chr(int(triplet[1], 16))
        return character if character in _UNRESERVED else triplet[0].upper()

    return _ENCODED.sub(one, text)


def _short_host(host: str) -> str:
    if not host.startswith("["):
        return host
    try:
        return f"[{IPv6Address(host[1:-1])}]"
    except AddressValueError:
        raise ValueError("has a host that is not a valid IPv6 address") from None


def _without_dot_segments(path: str) -> str:
    """A path that begins with `/` without `.` and `..` (RFC 3986, 5.2.4)."""
    *folders, last = path.split("/")[1:]
    kept: list[str] = []
    for segment in [*folders, last]:
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    if last in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)
