"""Who is calling, for the audit trail: set once for each request, read where something is written down."""

from contextvars import ContextVar
from dataclasses import dataclass

SYSTEM = "system"


@dataclass(frozen=True)
class Caller:
    """A holder of an API key. name: of the key, never the key.  scopes: what the key is good for."""

    name: str
    scopes: frozenset[str] = frozenset()
    key_digest: bytes = b""

    def __repr__(self) -> str:
        return f"Caller({self.name})"


_THE_VAULT = Caller(SYSTEM)
current_caller: ContextVar[Caller] = ContextVar("current_caller", default=_THE_VAULT)
"""Who made the request that is being served; the vault itself where nobody did."""
