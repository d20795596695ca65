"""Trusted certificate authorities for outgoing calls, loaded once for all clients of a process."""

import ssl
from functools import cache

import httpx


@cache
def trusted_authorities() -> ssl.SSLContext:
    """The context of clients that call others; loading it takes longer than most calls."""
    return httpx.create_ssl_context(trust_env=False)
