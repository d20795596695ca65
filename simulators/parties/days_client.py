"""A client of a server's days: closes them, and tells how far that has come."""

from datetime import date
from typing import Any

import httpx

from simulators.parties import sandbox_constants
from simulators.parties.issuer_calls import IssuerCalls
from simulators.parties.issuer_client import Issuer, IssuerRefused

_PATH = "/v1/simulations/days"
_SECONDS_MAX = 3_600.0
"""How long an answer may take: a whole bank that is closed beside a load takes minutes."""


class DaysClient(IssuerCalls):
    """Calls with one API key, whose scope is sandbox."""

    def __init__(self, base_url: str, api_key: str = sandbox_constants.SANDBOX_API_KEY) -> None:
        super().__init__(Issuer(base_url, api_key, seconds_max=_SECONDS_MAX))

    def today(self) -> date:
        """The day that it is in the program's time zone. Raises: IssuerRefused."""
        return date.fromisoformat(self._issuer.call("GET", _PATH)["today"])

    def close_days(self, until: date) -> dict[str, Any]:
        """Set the clock forward to the end of a day and close all days up to it; what came of it, as the API shows it.

        Raises: IssuerRefused.
        """
        return self._issuer.call("POST", _PATH, {"until": until.isoformat()})

    def line(self) -> str:
        """How far a close has come, in one line; empty where nothing is being closed, or nobody answers."""
        try:
            closing = self._issuer.call("GET", _PATH)["closing"]
        except (httpx.TransportError, IssuerRefused):
            return ""
        if closing is None:
            return ""
        return f"closing days until {closing['until']}: {closing['rows_closed']:,} of {closing['rows']:,} accounts"
