"""How a terminal of each kind takes one payment, and by which channel: what a tap at it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulators.terminals.kinds.catalogue import TERMINAL_KINDS
from simulators.terminals.receipt import Receipt
from simulators.wallet.card.apdu_record import RecordedCard
from simulators.wallet.phone import Phone
from tokenvault.vocabulary.errors import FieldError


@dataclass(frozen=True)
class Purchase:
    """What a simulated merchant asks for. amount_minor: minor units of currency (ISO 4217).

    posts_at_once: by a financial request (0200) instead of an authorization (0100).  is_preauthorization: the final
    amount comes later.  pin: what is typed in at a cash machine, a secret.
    """

    amount_minor: int
    currency: str
    posts_at_once: bool = False
    is_preauthorization: bool = False
    pin: str | None = None

    def __repr__(self) -> str:
        return f"Purchase({self.amount_minor} {self.currency})"


@dataclass(frozen=True)
class AtTill:
    """One phone at one terminal. card: the same phone as its reader sees it."""

    terminal: Any
    phone: Phone
    card: RecordedCard
    purchase: Purchase


def _authorized(till: AtTill) -> Receipt:
    purchase, terminal = till.purchase, till.terminal
    receipt: Receipt = terminal.authorize_card(
        till.card,
        terminal.start(purchase.amount_minor, purchase.currency),
        message_type="0200" if purchase.posts_at_once else "0100",
        preauthorization=purchase.is_preauthorization,
    )
    return receipt


def _preauthorized(till: AtTill) -> Receipt:
    terminal, purchase = till.terminal, till.purchase
    transaction = terminal.start(purchase.amount_minor, purchase.currency)
    receipt: Receipt = terminal.authorize_card(till.card, transaction, preauthorization=True)
    return receipt


def _bought(till: AtTill) -> Receipt:
    receipt: Receipt = till.terminal.buy(till.card, till.purchase.amount_minor, till.purchase.currency)
    return receipt


def _withdrawn(till: AtTill) -> Receipt:
    purchase = till.purchase
    assert purchase.pin is not None, "see check_options"
    receipt: Receipt = till.terminal.withdraw(till.card, purchase.amount_minor, purchase.pin, purchase.currency)
    return receipt


def _ridden(till: AtTill) -> Receipt:
    """The gate opens at once; the network is asked for the fare right afterwards (deferred authorization)."""
    till.terminal.fare_minor = till.purchase.amount_minor
    opened: Receipt = till.terminal.open(till.card, till.purchase.currency)
    settled: list[Receipt] = till.terminal.settle()
    return settled[-1] if settled else opened


def _paid_in_app(till: AtTill) -> Receipt:
    receipt: Receipt = till.terminal.pay_in_app(till.phone, till.purchase.amount_minor, till.purchase.currency)
    return receipt


def _paid_by_code(till: AtTill) -> Receipt:
    code = till.phone.show_code()
    receipt: Receipt = till.terminal.pay_by_code(code, till.purchase.amount_minor, till.purchase.currency)
    return receipt


@dataclass(frozen=True)
class Taking:
    """How one kind of terminal takes payments. channel: as `authz.vocabulary.commands.Channel` names it.

    options: the fields of a purchase that the kind leaves to the caller, by their names in the API.
    """

    channel: str
    take: Callable[[AtTill], Receipt]
    options: frozenset[str] = frozenset()


CONTACTLESS, E_COMMERCE, QR_CODE = "contactless", "e_commerce", "qr_code"
_AT_WILL = frozenset({"posts_at_once", "preauthorization"})

TAKINGS = {
    "pos": Taking(CONTACTLESS, _authorized, _AT_WILL),
    "qr": Taking(QR_CODE, _paid_by_code),
    "online": Taking(E_COMMERCE, _paid_in_app),
    "atm": Taking(CONTACTLESS, _withdrawn, frozenset({"pin"})),
    "fuel": Taking(CONTACTLESS, _preauthorized),
    "hotel": Taking(CONTACTLESS, _preauthorized),
    "restaurant": Taking(CONTACTLESS, _authorized, _AT_WILL),
    "transit": Taking(CONTACTLESS, _ridden),
    "vending": Taking(CONTACTLESS, _bought),
}
"""By kind of terminal."""
assert TAKINGS.keys() == TERMINAL_KINDS.keys(), "every kind of terminal takes payments"

USUAL_KINDS = {CONTACTLESS: "pos", E_COMMERCE: "online", QR_CODE: "qr"}
"""The kind of terminal for a channel where none is named."""


def kind_for(kind: str | None, channel: str | None) -> str:
    """The kind of terminal for a payment; by channel where none is named. Raises: FieldError if they do not agree."""
    if kind is None:
        return USUAL_KINDS[channel or CONTACTLESS]
    if channel not in (None, TAKINGS[kind].channel):
        raise FieldError("channel", f"a terminal of kind {kind} takes payments by {TAKINGS[kind].channel} only")
    return kind


def check_options(kind: str, purchase: Purchase) -> None:
    """Raises: FieldError for an option that a kind of terminal has not, for options that exclude each other, and for
    a PIN that is missing.
    """
    given = {
        "posts_at_once": purchase.posts_at_once,
        "preauthorization": purchase.is_preauthorization,
        "pin": purchase.pin is not None,
    }
    for name, is_given in given.items():
        if is_given and name not in TAKINGS[kind].options:
            raise FieldError(name, f"is no option of terminals of kind {kind}")
    if purchase.posts_at_once and purchase.is_preauthorization:
        raise FieldError("preauthorization", "is of an amount that is posted later: leave out posts_at_once")
    if "pin" in TAKINGS[kind].options and purchase.pin is None:
        raise FieldError("pin", "is missing: a cash machine asks for it")
