"""Host and port as one text: an IPv6 address in brackets, as in URLs (RFC 3986, 3.2.2)."""


def joined(host: str, port: int) -> str:
    """``127.0.0.1:8583``, or ``[::1]:8583``."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split(text: str) -> tuple[str, str] | None:
    """Host, without its brackets, and what stands for the port; None where there are not both.

    Without brackets the last colon is taken for the one before the port.
    """
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    return (host, port) if colon and host else None
