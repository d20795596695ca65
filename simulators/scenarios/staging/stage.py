"""The cast of a scenario, created on a server."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Self

from authz.iso8583.dialects.dialect_files import dialect_named
from authz.iso8583.dialects.fields import BINARY_LENGTH, Dialect
from simulators.network.faulty_link import Faults, FaultyLink
from simulators.parties import sandbox_constants
from simulators.scenarios.staging.cast import AccountPart, Cast, LinePart, TerminalPart
from simulators.scenarios.staging.outcome import Outcome, of_receipt
from simulators.scenarios.staging.values import Amount
from simulators.terminals.kinds.making import CAPABILITY_WORDS, MERCHANT_WORDS, TERMINAL_WORDS, made_terminal
from simulators.terminals.message_security import protect
from simulators.terminals.receipt import Receipt
from simulators.terminals.terminal import Terminal
from simulators.testkit.kit import TestKit
from simulators.wallet.phone import Phone
from simulators.wallet.token_wishes import token_wish

Address = tuple[str, int]

_TERMINAL_WORDS = (*MERCHANT_WORDS, *CAPABILITY_WORDS, *TERMINAL_WORDS)


@dataclass(frozen=True)
class Server:
    """The server and parties of a scenario. iso_addresses: by dialect and MAC algorithm, for terminals that use others.

    wall_clock: real time, as the server has it.  left: what of the scenario stays on it, once it has ended.
    """

    http_url: str
    iso_address: Address
    iso_addresses: dict[tuple[str, str], Address] = field(default_factory=dict)
    wall_clock: Callable[[], float] = time.time
    left: list[str] = field(default_factory=list)


class NotPlayable(Exception):
    """This server lacks what the scenario needs."""


class NeverCameToBe(Exception):
    """What a step is about never came to be, because an earlier step came out otherwise. reason: of the outcome."""

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(what)
        self.reason = reason


class Stage(TestKit):
    """Everybody by name, the receipts that steps gave names to, and every message that went over a terminal's line.

    Use it as a context: the curtain closes all connections.
    """

    def __init__(self, server: Server, cast: Cast, seed: int) -> None:
        super().__init__(server.http_url, server.iso_address, server.wall_clock)
        self.server = server
        self.random = Random(seed)  # noqa: S311 - variations, no secrets
        self.seed = seed
        self.cast = cast
        self.accounts: dict[str, str] = {}
        self.cards: dict[str, str] = {}
        self.phones: dict[str, Phone] = {}
        self.terminals: dict[str, Terminal] = {}
        self.receipts: dict[str, Receipt] = {}
        self.codes: dict[str, str] = {}
        self.customers: dict[str, str] = {}
        self.applications: dict[str, str] = {}

    def __enter__(self) -> Self:
        try:
            self._fill()
        except BaseException:
            self.close()
            raise
        return self

    def _fill(self) -> None:
        for name, account in self.cast.accounts.items():
            self.accounts[name] = self._open_account(account)
        for name, card in self.cast.cards.items():
            contacts = {"text_message": card.text_message, "e_mail": card.e_mail}
            self.cards[name] = self.card(self.accounts[card.account], card.pin, **contacts)
        for name, part in self.cast.phones.items():
            random_bytes = self.random.randbytes
            self.phones[name] = self.bare_phone(kind=part.kind, flow=part.flow, name=name, random_bytes=random_bytes)
            if part.ready:
                self.provision(name)
        for name, terminal in self.cast.terminals.items():
            self.terminals[name] = self._make_terminal(name, terminal)

    def _open_account(self, part: AccountPart) -> str:
        limits = {"credit_limit": part.credit_limit.minor(part.currency, self.random)}
        if part.transaction_limit is not None:
            limits["transaction_limit"] = part.transaction_limit.minor(part.currency, self.random)
        further = {name: getattr(part, name) for name in ("product", "cut_day", "segment", "life_stage")}
        return self.account(part.currency, **limits, **further)

    def wish(self, name: str) -> dict[str, Any]:
        """What a phone asks for with its token."""
        part = self.cast.phones[name]
        limit = part.token_limit
        return token_wish(
            profile=part.profile,
            keys=part.keys,
            channels=part.channels,
            countries=part.countries,
            token_limit=None if limit is None else limit.minor(self.currency_of(name), self.random),
        )

    def provision(self, name: str) -> None:
        """Give a phone its token. Raises: WalletRefused, NoNetwork."""
        self.phones[name].provision(self.cards[self.cast.phones[name].card], **self.wish(name))

    def _make_terminal(self, name: str, part: TerminalPart) -> Terminal:
        dialect = self._dialect(part)
        words = {word: self._as_given(getattr(part, word)) for word in _TERMINAL_WORDS}
        own = {
            "clock": self.clock,
            "random_bytes": self.random.randbytes,
            "dialect": dialect,
            "watcher": self.trace.watcher(name),
        }
        terminal = made_terminal(part.kind, self._line(part.line, self._address(part), dialect), words | own)
        self._open.callback(terminal.close)
        if part.mac != "none":
            protect(terminal.link, terminal.messages, bytes.fromhex(sandbox_constants.KEY_ENCRYPTION_KEY), part.mac)
        return terminal

    def _as_given(self, value: Any) -> Any:
        """A value as a terminal takes it: amounts in hundredths of whatever is paid in."""
        return value.minor("EUR", self.random) if isinstance(value, Amount) else value

    @staticmethod
    def _dialect(part: TerminalPart) -> Dialect | None:
        return None if part.dialect is None else dialect_named(part.dialect)

    def _address(self, part: TerminalPart) -> Address:
        wanted = needed_listener(part)
        if wanted is None:
            return self.server.iso_address
        if wanted not in self.server.iso_addresses:
            raise NotPlayable(f"this server has no port for dialect {wanted[0]} with MAC {wanted[1]}")
        return self.server.iso_addresses[wanted]

    def _line(self, part: LinePart | None, address: Address, dialect: Dialect | None) -> Address:
        """The address that a terminal dials: its line's, where it has one."""
        if part is None:
            return address
        faults = {each: getattr(part, each) for each in Faults.__dataclass_fields__}
        there, back = (
            Faults(**faults) if part.direction in ("both", way) else Faults() for way in ("to_network", "to_terminal")
        )
        framing = BINARY_LENGTH if dialect is None else dialect.framing
        line = FaultyLink(address, there, back, seed=self.seed, framing=framing)
        return self._open.enter_context(line).address

    def currency_of(self, phone: str) -> str:
        """The currency of the account behind a phone."""
        card = self.cast.cards[self.cast.phones[phone].card]
        return self.cast.accounts[card.account].currency

    def minor(self, amount: Amount, currency: str) -> tuple[int, str]:
        """An amount in minor units, and its currency."""
        named = amount.currency or currency
        return amount.minor(named, self.random), named

    def receipt(self, name: str) -> Receipt:
        """The payment that a step gave a name to. Raises: NeverCameToBe."""
        if name not in self.receipts:
            raise NeverCameToBe("no_such_payment", f"the step {name!r} made no payment")
        return self.receipts[name]

    def outcome(self, receipt: Receipt) -> Outcome:
        """What came of a payment, with the network's explanation."""
        identifier = receipt.authorization_id
        return of_receipt(receipt, None if identifier is None else self.issuer.authorization(identifier))


def needed_listener(part: TerminalPart) -> tuple[str, str] | None:
    """The port that a terminal needs beside the network's own: dialect and MAC algorithm."""
    if part.dialect is None and part.mac == "none":
        return None
    return part.dialect or "ascii_1987", part.mac
