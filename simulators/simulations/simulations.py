"""Everything that one sandbox simulates for callers of its HTTP API, and the threads that this is done in."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, ParamSpec, TypeVar

from anyio import CapacityLimiter, Lock, Semaphore, to_thread

from authz.history.explanation import Explanation
from authz.history.explanations import Explanations
from authz.vocabulary.errors import ExplanationsBusy
from simulators.simulations.addresses import Addresses
from simulators.simulations.descriptions import describe, made_again
from simulators.simulations.payments import Outcome, Payments
from simulators.simulations.simulated_phones import SimulatedPhones
from simulators.simulations.simulated_terminals import SimulatedTerminals
from simulators.simulations.wallet_keys import Admit, WalletKeys
from simulators.wallet.card.secure_element import Unwrap, Wrap
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import NotFound

_THREADS = 8

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Simulations:
    """Phones, terminals and payments, in memory: a restart of the server forgets them."""

    def __init__(self, vault: Vault, addresses: Addresses, admit: Admit) -> None:
        self.phones = SimulatedPhones(vault, addresses, WalletKeys(admit, vault.random_bytes))
        self.terminals = SimulatedTerminals(vault, addresses)
        self.payments = Payments()
        # Threads of their own: what they do waits for calls of this very server, which has to answer them in others.
        self._threads = CapacityLimiter(_THREADS)
        self._resting = Lock()
        # Simulated payments alone never fill the queue of explanations, which is bounded for all callers together.
        self._explaining = Semaphore(_THREADS)

    async def run(
        self, work: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        """Do something that waits for the network in a thread. Raises: what it raises."""
        return await to_thread.run_sync(partial(work, *arguments, **named), limiter=self._threads)

    @asynccontextmanager
    async def at_rest(self) -> AsyncIterator[None]:
        """Nothing is simulated meanwhile: what runs has ended, and what comes waits.

        Enter this before the engine stands still: a payment on its way holds its terminal and its phone until the
        engine has answered, and whoever describes them waits for both.
        """
        async with self._resting:
            held = [object() for _ in range(_THREADS)]
            taken: list[object] = []
            try:
                for each in held:
                    await self._threads.acquire_on_behalf_of(each)
                    taken.append(each)
                yield
            finally:
                for each in taken:
                    self._threads.release_on_behalf_of(each)

    def described(self, wrap: Wrap) -> dict[str, Any]:
        """Everything that callers of all tenants made, as JSON values, for `put_back`. Called `at_rest`.

        wrap: encrypts what is in the secure elements, see `SecureElement.wrapped`.
        """
        return describe(self.phones.kept.of_all(), self.terminals.kept.of_all(), self.payments.of_all(), wrap)

    def put_back(self, described: Mapping[str, Any], unwrap: Unwrap) -> None:
        """Have what `described` told, and nothing else: what there is is forgotten and hangs up. Called `at_rest`.

        unwrap: opens what `wrap` made.  Raises: ValueError for a description of another version or shape, and what
        `unwrap` raises; everything is as it was then.
        """
        made = made_again(described, self.phones, self.terminals, unwrap)
        for phone in self.phones.kept.replace_all(made.phones):
            with phone.lock:
                phone.phone.close()
        for terminal in self.terminals.kept.replace_all(made.terminals):
            with terminal.lock:
                terminal.device.close()
        self.payments.replace_all(made.payments)

    async def explained(self, outcome: Outcome, explanations: Explanations) -> Explanation | None:
        """The network's decision behind an outcome, with its checks.

        None where it decided nothing, explains too many decisions of others meanwhile, or was put back to a time before
        the decision: the payment was made all the same, so it is not refused.
        """
        if outcome.receipt is None or outcome.receipt.authorization_id is None:
            return None
        async with self._explaining:
            try:
                return await explanations.explain(outcome.receipt.authorization_id)
            except (ExplanationsBusy, NotFound):
                return None

    def close(self) -> None:
        """Forget everything and hang up, when what runs has ended."""
        self.phones.close()
        self.terminals.close()
        self.payments.close()
