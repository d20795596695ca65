"""The API keys of simulated phones: one for each tenant, made by this server for itself, and known to nobody else."""

import base64
import threading
from collections.abc import Callable

from tokenvault.callers.caller import Caller, Scope, current_caller
from tokenvault.vocabulary.identifiers import RandomBytes

_KEY_BYTES = 32

Admit = Callable[[str, Caller], None]
"""What makes the HTTP API accept a key while it runs, see `ApiKeys.admit`."""


class WalletKeys:
    """Keys with the scope `wallet`, made when they are first needed and kept in memory alone.

    So simulated phones work whichever keys the settings accept, and reach the objects of their own tenant only.
    """

    def __init__(self, admit: Admit, random_bytes: RandomBytes) -> None:
        self._admit = admit
        self._random_bytes = random_bytes
        self._by_tenant: dict[str, str] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"WalletKeys({len(self._by_tenant)} tenants)"

    def own(self) -> str:
        """The key of the caller's tenant, a secret."""
        return self.of(current_caller.get().tenant)

    def of(self, tenant: str) -> str:
        """The key of any tenant, a secret."""
        with self._lock:
            if tenant not in self._by_tenant:
                key = base64.urlsafe_b64encode(self._random_bytes(_KEY_BYTES)).decode()
                self._admit(key, Caller(f"simulated-phones-{tenant}", frozenset({Scope.WALLET}), tenant))
                self._by_tenant[tenant] = key
            return self._by_tenant[tenant]
