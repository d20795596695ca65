"""What all clients of an issuer's or the operator's calls have in common: one connection, closed with them."""

from typing import Self

from simulators.parties.issuer_client import Issuer


class IssuerCalls:
    """Calls with one API key. issuer: makes them, and is closed with this."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    def close(self) -> None:
        """Close the connection."""
        self._issuer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
