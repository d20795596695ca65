"""Server addresses for verbs: defaults, validation, and the messages for unreachable servers."""

import os
from urllib.parse import urlsplit

from simulators.process.addresses import split

Address = tuple[str, int]

PORT_MAX = 65_535


class UsageError(Exception):
    """An argument that makes no sense; the text names it."""


def default_url() -> str:
    """The HTTP API's URL where none is given."""
    return os.environ.get("TAPWRIGHT_URL") or "http://127.0.0.1:8420"


def default_iso() -> str:
    """The ISO 8583 port's address where none is given."""
    return os.environ.get("TAPWRIGHT_ISO8583") or "127.0.0.1:8583"


def checked_url(text: str, flag: str = "--url") -> str:
    """A URL that can be called. Raises: UsageError naming the flag, or the variable that it was read from."""
    try:
        parts = urlsplit(text)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        has_user = "@" in parts.netloc
    except ValueError:
        is_good = has_user = False
    if has_user:
        # It would be sent in place of the API key, and be shown in errors.
        raise UsageError(f"{_source(text, flag, 'TAPWRIGHT_URL')} has a user or password in it: leave that out")
    if not is_good or any(map(str.isspace, text)):
        raise UsageError(f"{_source(text, flag, 'TAPWRIGHT_URL')} {text!r} is not a URL such as http://127.0.0.1:8420")
    return text


def checked_api_key(text: str | None) -> str:
    """The key of `--api-key`, else the sandbox's own.

    Raises: UsageError for what no header can hold (RFC 9110, section 5.5), without repeating it: it is a secret.
    """
    from simulators.parties.sandbox_constants import SANDBOX_API_KEY

    if text is None:
        return SANDBOX_API_KEY
    if not text.isascii():
        raise UsageError("--api-key must have ASCII characters only")
    if not text.isprintable() or not text.strip():
        raise UsageError("--api-key must be a key: it is empty, or has a line break or another control character")
    return text


def _source(text: str, flag: str, variable: str) -> str:
    """Where a text was read: a flag that is not given has its value from the variable, if that is set."""
    return variable if os.environ.get(variable) == text else flag


def checked_address(text: str, flag: str) -> Address:
    """Host and port. Raises: UsageError naming the flag, or the variable that they were read from."""
    source = _source(text, flag, "TAPWRIGHT_ISO8583")
    host, port = split(text) or ("", "")
    if not host or not port.isascii() or not port.isdecimal():
        raise UsageError(f"{source} {text!r} is not HOST:PORT, such as 127.0.0.1:8583")
    if not 1 <= int(port[:9]) <= PORT_MAX:
        raise UsageError(f"{source} {text!r}: a port to connect to is a number from 1 to {PORT_MAX}")
    return host, int(port)


def checked_port(port: int, flag: str = "--port") -> int:
    """A port to listen on, 0 for a free one. Raises: UsageError."""
    if not 0 <= port <= PORT_MAX:
        raise UsageError(f"{flag} {port}: a port is a number from 0 to {PORT_MAX}")
    return port


def no_server(url: str, error: Exception) -> str:
    """The error if no server answers."""
    return f"no server at {url}: {error}; start one with `tapwright serve`, or name another with --url or TAPWRIGHT_URL"


def no_host(error: Exception) -> str:
    """The error if an ISO 8583 host does not answer."""
    return f"{error}; start one with `tapwright serve`, or name another with --iso or TAPWRIGHT_ISO8583"


def port_taken(port: int, error: OSError, host: str = "127.0.0.1") -> str:
    """The error if a port cannot be opened."""
    why = os.strerror(error.errno).lower() if error.errno else str(error)
    return f"port {port} on {host}: {why}; end what uses it, or choose another with --port"
