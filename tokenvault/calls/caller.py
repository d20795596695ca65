"""Who is calling: set once for each request, read where something is looked up or written down."""

from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

SYSTEM = "system"
DEFAULT_TENANT = "default"
TENANT_CHARACTERS_MAX = 32
TENANT_PATTERN = f"^[a-z0-9_-]{{1,{TENANT_CHARACTERS_MAX}}}$"
"""What the name of a tenant is."""


class Scope(StrEnum):
    """What an API key is good for."""

    ISSUER = "issuer"
    WALLET = "wallet"
    NETWORK = "network"
    SANDBOX = "sandbox"


@dataclass(frozen=True)
class Caller:
    """A holder of an API key. name: of the key, never the key.  scopes: what the key is good for.

    tenant: whose objects it works with, see `ownership`.  lineage: the name of the first of those keys that rotation
    made of each other; they share what is counted.
    """

    name: str
    scopes: frozenset[str] = frozenset()
    tenant: str = DEFAULT_TENANT
    lineage: str = ""

    @property
    def sees_everything(self) -> bool:
        """Whether this is the operator, or the vault itself."""
        return self.name == SYSTEM or Scope.SANDBOX in self.scopes

    @property
    def counted_as(self) -> str:
        """The name that its calls and wrong guesses are counted under."""
        return self.lineage or self.name


_THE_VAULT = Caller(SYSTEM)
current_caller: ContextVar[Caller] = ContextVar("current_caller", default=_THE_VAULT)
"""Who made the request that is being served; the vault itself where nobody did."""
