"""Wallets, cards and merchants that the issuer processor's mock API simulates, over the sandbox's own ports."""

import threading
from dataclasses import dataclass, field
from typing import Any

from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer
from simulators.terminals.messages import BALANCE, PURCHASE
from simulators.terminals.receipt import Receipt
from simulators.terminals.terminal import Capability, Merchant, Terminal
from simulators.wallet.phone import Phone
from simulators.wallet.token_wishes import ALL_CHANNELS
from tokenvault.cards.cards import card_with_pan
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, NotFound


@dataclass(frozen=True)
class Purchase:
    """What a simulated merchant asks for. Amounts in minor units of currency."""

    amount: int
    currency: str
    merchant: Merchant
    posts: bool = False
    is_balance: bool = False
    partial_approvals: bool = False


@dataclass
class SimulatedWallets:
    """Phones by the card they were made for, receipts by decision. Lives as long as its sandbox.

    http_url, iso_address: of the sandbox itself.
    """

    vault: Vault
    http_url: str
    iso_address: tuple[str, int]
    _phones: dict[str, Phone] = field(default_factory=dict)
    _receipts: dict[str, tuple[Terminal, Receipt]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def card_of(self, pan: str) -> str:
        """The card with a funding PAN. Raises: NotFound."""
        with self.vault.reading() as connection:
            card = card_with_pan(self.vault, connection, pan)
        if card is None:
            raise NotFound("no card has this PAN")
        return card.text_id

    def tokenize(self, card_id: str, **risk: Any) -> dict[str, Any]:
        """Put a card into a new phone's wallet; returns the token as the API shows it. Raises: WalletRefused."""
        phone = Phone(self.http_url, name="simulated wallet", clock=self.vault.proof_time)
        phone.register()
        token = phone.request_token(card_id, domain={"channels": list(ALL_CHANNELS)}, risk=risk)
        if token["state"] == "inactive":
            token = phone.activate()
        put_away: Phone | None = phone
        if token["state"] == "active":
            with self._lock:
                put_away = self._phones.get(card_id)
                self._phones[card_id] = phone
        if put_away is not None:
            put_away.close()
        return token

    def pay(self, card_id: str, purchase: Purchase) -> Receipt:
        """Have a card's phone pay; a card without one gets one first. Raises: WalletRefused, LinkError, Conflict."""
        with self._lock:
            phone = self._phones.get(card_id)
        if phone is None:
            self.tokenize(card_id)
            phone = self._phones.get(card_id)
        if phone is None:
            raise Conflict("the card could not be provisioned to a wallet", code="tokenization_declined")
        capability = Capability(partial_approvals=purchase.partial_approvals)
        terminal = Terminal(self.iso_address, merchant=purchase.merchant, clock=self.vault.clock, capability=capability)
        operation = BALANCE if purchase.is_balance else PURCHASE
        transaction = terminal.start(purchase.amount, purchase.currency, operation)
        with self._lock:
            message_type = "0200" if purchase.posts else "0100"
            receipt = terminal.authorize_card(phone, transaction, message_type=message_type)
        terminal.close()
        if receipt.authorization_id is not None:
            self._receipts[receipt.authorization_id] = terminal, receipt
        return receipt

    def receipt(self, identifier: str) -> tuple[Terminal, Receipt]:
        """What was paid under an identifier, and where. Raises: NotFound."""
        if identifier not in self._receipts:
            raise NotFound("no such transaction was simulated")
        return self._receipts[identifier]

    def currency_of(self, card_id: str) -> str:
        """The currency of a card's account."""
        with Issuer(self.http_url, sandbox_constants.SANDBOX_API_KEY) as issuer:
            card = issuer.call("GET", f"/v1/cards/{card_id}")
            return str(issuer.balance(card["account_id"])["currency"])

    def close(self) -> None:
        """Hang up everywhere."""
        for phone in self._phones.values():
            phone.close()
