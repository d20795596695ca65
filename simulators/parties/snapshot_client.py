"""A client of a server's snapshots: saves its whole network under a name, and puts it back."""

from typing import Any
from urllib.parse import quote

from simulators.parties import sandbox_constants
from simulators.parties.issuer_calls import IssuerCalls
from simulators.parties.issuer_client import Issuer

_PATH = "/v1/simulations/snapshots"
_SECONDS_MAX = 600.0
"""How long an answer may take: a large network is copied, and its lists are made anew."""


class SnapshotClient(IssuerCalls):
    """Calls with one API key, whose scope is sandbox."""

    def __init__(self, base_url: str, api_key: str = sandbox_constants.SANDBOX_API_KEY) -> None:
        super().__init__(Issuer(base_url, api_key, seconds_max=_SECONDS_MAX))

    def save(self, name: str, *, replace: bool = False) -> dict[str, Any]:
        """Save the network; returns the snapshot as the API shows it. replace: whether an earlier one may go.

        Raises: IssuerRefused.
        """
        return self._issuer.call("POST", _PATH, {"name": name, "replace": replace})

    def restore(self, name: str) -> dict[str, Any]:
        """Put the network back; returns the snapshot, and how long decisions waited. Raises: IssuerRefused."""
        return self._issuer.call("POST", f"{_path(name)}/reset")

    def all(self) -> list[dict[str, Any]]:
        """The snapshots by name. Raises: IssuerRefused."""
        return list(self._issuer.call("GET", _PATH)["data"])

    def delete(self, name: str) -> None:
        """Delete one; the network stays as it is. Raises: IssuerRefused."""
        self._issuer.call("DELETE", _path(name))


def _path(name: str) -> str:
    return f"{_PATH}/{quote(name, safe='')}"
