"""Where simulated phones and terminals find the sandbox that they are part of."""

import ssl
from dataclasses import dataclass


@dataclass(frozen=True)
class Addresses:
    """Where a sandbox is found by what it simulates. public_url: what the API takes itself for, None for http_url.

    http_tls, iso_tls: whom to trust where these ports speak TLS; None for one that does not.
    """

    http_url: str
    iso_address: tuple[str, int]
    public_url: str | None = None
    http_tls: ssl.SSLContext | None = None
    iso_tls: ssl.SSLContext | None = None
