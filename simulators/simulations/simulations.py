"""Everything that one sandbox simulates for callers of its HTTP API, and the threads that this is done in."""

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, Semaphore, to_thread

from authz.history.explanation import Explanation
from authz.history.explanations import Explanations
from authz.vocabulary.errors import ExplanationsBusy
from simulators.simulations.addresses import Addresses
from simulators.simulations.payments import Outcome, Payments
from simulators.simulations.simulated_phones import SimulatedPhones
from simulators.simulations.simulated_terminals import SimulatedTerminals
from simulators.simulations.wallet_keys import Admit, WalletKeys
from tokenvault.vault import Vault

_THREADS = 8

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Simulations:
    """Phones, terminals and payments. Nothing of it is stored: a restart of the server forgets it."""

    def __init__(self, vault: Vault, addresses: Addresses, admit: Admit) -> None:
        self.phones = SimulatedPhones(vault, addresses, WalletKeys(admit, vault.random_bytes))
        self.terminals = SimulatedTerminals(vault, addresses)
        self.payments = Payments()
        # Threads of their own: what they do waits for calls of this very server, which has to answer them in others.
        self._threads = CapacityLimiter(_THREADS)
        # Simulated payments alone never fill the queue of explanations, which is bounded for all callers together.
        self._explaining = Semaphore(_THREADS)

    async def run(
        self, work: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        """Do something that waits for the network in a thread. Raises: what it raises."""
        return await to_thread.run_sync(partial(work, *arguments, **named), limiter=self._threads)

    async def explained(self, outcome: Outcome, explanations: Explanations) -> Explanation | None:
        """The network's decision behind an outcome, with its checks.

        None where it decided nothing, or explains too many decisions of others meanwhile: the payment was made all the
        same, so it is not refused.
        """
        if outcome.receipt is None or outcome.receipt.authorization_id is None:
            return None
        async with self._explaining:
            try:
                return await explanations.explain(outcome.receipt.authorization_id)
            except ExplanationsBusy:
                return None

    def close(self) -> None:
        """Forget everything and hang up, when what runs has ended."""
        self.phones.close()
        self.terminals.close()
        self.payments.close()
