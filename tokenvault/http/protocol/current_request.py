"""The HTTP request that is being served: its identifier, and what is learnt of it on the way."""

from contextvars import ContextVar
from dataclasses import dataclass

from tokenvault.callers.caller import Caller

REQUEST_ID = "Request-Id"
"""The header of every answer that names the request."""


@dataclass
class CurrentRequest:
    """One request. id: as the answer names it.

    caller: who has sent it, None while that is not known.  problem_code: of the problem that it was answered with.
    """

    id: str
    caller: Caller | None = None
    problem_code: str | None = None


current_request: ContextVar[CurrentRequest | None] = ContextVar("current_request", default=None)
"""The request that is being served; None outside of requests."""
