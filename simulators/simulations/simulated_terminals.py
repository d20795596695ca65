"""Terminals that callers of the HTTP API set up, or that serve one payment: each dials the sandbox's own port."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from simulators.parties.merchant import Merchant
from simulators.simulations.addresses import Addresses
from simulators.simulations.belongings import Belongings
from simulators.terminals.kinds.catalogue import TERMINAL_KINDS
from simulators.terminals.kinds.making import made_terminal
from simulators.terminals.terminal import Terminal
from tokenvault.vault import Vault
from tokenvault.vocabulary.identifiers import Prefix, to_text


@dataclass
class SimulatedTerminal:
    """A terminal with its identifier. kind: of `TERMINAL_KINDS`.

    words, merchant: what it was made from, see `SimulatedTerminals.made`.
    lock: held by whoever uses it, for a terminal has one line and numbers its messages.
    """

    id: str
    kind: str
    device: Terminal
    words: dict[str, Any] = field(default_factory=dict)
    merchant: dict[str, Any] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def described(self) -> dict[str, Any]:
        """How it was made, and all that has become of it, as JSON values; nobody uses it meanwhile."""
        with self.lock:
            return {
                "id": self.id,
                "kind": self.kind,
                "words": self.words,
                "merchant": self.merchant,
                "device": self.device.described(),
            }


class SimulatedTerminals:
    """The terminals of one sandbox."""

    def __init__(self, vault: Vault, addresses: Addresses) -> None:
        self.kept: Belongings[SimulatedTerminal] = Belongings("terminal")
        self._vault = vault
        self._addresses = addresses

    def make(self, kind: str, words: dict[str, Any], merchant: dict[str, Any]) -> SimulatedTerminal:
        """A terminal that is kept. As `made`. Raises: Conflict where there are too many."""
        made = self.made(kind, words, merchant)
        self.kept.keep(made)
        return made

    def made(self, kind: str, words: dict[str, Any], merchant: dict[str, Any]) -> SimulatedTerminal:
        """A terminal for as long as something refers to it.

        words: of `simulators.terminals.kinds.making`, None for what is usual.  merchant: fields of `Merchant` that are
        not those that are usual for the kind.
        """
        return self._made(to_text(Prefix.SIMULATED_TERMINAL, self._vault.new_number()), kind, words, merchant)

    def made_again(self, described: Mapping[str, Any]) -> SimulatedTerminal:
        """The terminal that `SimulatedTerminal.described` told.

        Raises: ValueError, TypeError, AttributeError or LookupError for another description.
        """
        made = self._made(described["id"], described["kind"], described["words"], described["merchant"])
        made.device.put_back(described["device"])
        return made

    def _made(self, identifier: str, kind: str, words: dict[str, Any], merchant: dict[str, Any]) -> SimulatedTerminal:
        usual: Merchant = TERMINAL_KINDS[kind].usual_merchant
        own: dict[str, Any] = {
            "merchant": replace(usual, **merchant),
            "clock": self._vault.clock,
            "random_bytes": self._vault.random_bytes,
            "tls": self._addresses.iso_tls,
        }
        terminal = made_terminal(kind, self._addresses.iso_address, words | own)
        return SimulatedTerminal(identifier, kind, terminal, words, merchant)

    def remove(self, identifier: str) -> None:
        """Take a terminal down. What was paid at it can be followed up all the same. Raises: NotFound."""
        self.kept.take(identifier)

    def close(self) -> None:
        """Forget them all, when what runs has ended."""
        for each in self.kept.take_everything():
            with each.lock:
                each.device.close()
