"""The caller of the current request: set once, and read by ownership checks and the audit trail."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import StrEnum

from tokenvault.vocabulary.tenants import DEFAULT_TENANT

SYSTEM = "system"


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

    def acting_as(self, *scopes: Scope) -> "Caller":
        """The same as far as these scopes go: what else its key is good for shows it nothing. An operator stays one."""
        return replace(self, scopes=self.scopes & {*scopes, Scope.SANDBOX})

    @property
    def counted_as(self) -> str:
        """The name that its calls and wrong guesses are counted under."""
        return self.lineage or self.name


_THE_VAULT = Caller(SYSTEM)
current_caller: ContextVar[Caller] = ContextVar("current_caller", default=_THE_VAULT)
"""The caller of the request that is being served; the vault itself outside of requests."""


@contextmanager
def acting_as(*scopes: Scope) -> Iterator[None]:
    """What is done meanwhile is done in these scopes of the caller, see `Caller.acting_as`."""
    token = current_caller.set(current_caller.get().acting_as(*scopes))
    try:
        yield
    finally:
        current_caller.reset(token)


@contextmanager
def acting_as_the_vault() -> Iterator[None]:
    """What is done meanwhile is done by the vault itself, such as what time brings about, whoever looks."""
    token = current_caller.set(_THE_VAULT)
    try:
        yield
    finally:
        current_caller.reset(token)
