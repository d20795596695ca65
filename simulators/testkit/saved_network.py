"""A network that was saved, and the phones and terminals of a test kit that belong to it: all go back together."""

import os
from collections.abc import Sequence
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from simulators.parties.snapshot_client import SnapshotClient
from simulators.terminals.message_log import Trace
from simulators.terminals.terminal import Terminal
from simulators.testkit.server_clock import ServerClock
from simulators.wallet.phone import Phone

_NONCE_BYTES = 12


class Saveable(Protocol):
    """What of a test kit goes back: see `TestKit`."""

    http_url: str
    clock: ServerClock
    trace: Trace
    own_phones: list[Phone]
    own_terminals: list[Terminal]

    def keep_only(self, phones: Sequence[Phone], terminals: Sequence[Terminal]) -> None:
        """Close all others."""


class SavedNetwork:
    """The network of a test kit as it was when this was made. name: of the snapshot on its server.

    A phone's keys and counters are in its own secure element, and a terminal numbers its messages itself, so the server
    cannot put them back: they are remembered here.  Raises: IssuerRefused where the server does not save.
    """

    def __init__(self, kit: Saveable, name: str) -> None:
        self.name = name
        self._kit = kit
        # A key that nobody keeps: what comes out of secure elements is readable to this object alone.
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._phones = [(phone, phone.described(self._wrap)) for phone in kit.own_phones]
        self._terminals = [(terminal, terminal.described()) for terminal in kit.own_terminals]
        with SnapshotClient(kit.http_url) as client:
            client.save(name)

    def put_back(self) -> None:
        """Put everything back: the network, and phones and terminals of the kit, which hang up.

        Those that the kit has made since are closed, and messages that it has traced are forgotten.
        Raises: IssuerRefused where there is no such snapshot any more; nothing is changed then.
        """
        with SnapshotClient(self._kit.http_url) as client:
            client.restore(self.name)
        for phone, described in self._phones:
            phone.put_back(described, self._unwrap)
        for terminal, described in self._terminals:
            terminal.put_back(described)
        self._kit.keep_only([phone for phone, _ in self._phones], [terminal for terminal, _ in self._terminals])
        self._kit.trace.messages.clear()
        self._kit.clock.read_again()

    def delete(self) -> None:
        """Delete the snapshot; the network stays as it is. Raises: IssuerRefused."""
        with SnapshotClient(self._kit.http_url) as client:
            client.delete(self.name)

    def _wrap(self, plaintext: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plaintext, None)

    def _unwrap(self, octets: bytes) -> bytes:
        return self._cipher.decrypt(octets[:_NONCE_BYTES], octets[_NONCE_BYTES:], None)
