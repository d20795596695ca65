"""Payments that simulated phones made at simulated terminals, and what follows them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from simulators.simulations.simulated_phones import SimulatedPhone
from simulators.simulations.simulated_terminals import SimulatedTerminal
from simulators.simulations.taking import TAKINGS, AtTill, Purchase, check_options
from simulators.terminals.failures import FAILURES, failure
from simulators.terminals.message_log import Trace, Traced
from simulators.terminals.receipt import Receipt
from simulators.wallet.card.apdu_record import ApduExchange, RecordedCard
from tokenvault.callers.caller import current_caller
from tokenvault.reference_data.currencies import CURRENCIES, NO_CURRENCY
from tokenvault.vocabulary.errors import FieldError, NotFound

REMEMBERED_MAX = 1_000
"""Payments of each tenant that can be followed up: the newest."""


@dataclass(frozen=True)
class Outcome:
    """What came of one payment, or of one message about it.

    receipt: None where nothing was sent.  reason: a word for it where no decision of the network has one.
    detail: more about it as a text, often empty.  exchanges: between reader and phone.  messages: that passed the
    terminal's line, in order.
    """

    receipt: Receipt | None
    reason: str
    detail: str
    exchanges: tuple[ApduExchange, ...]
    messages: tuple[Traced, ...]


@dataclass
class Payment:
    """A payment that the network decided. authorized_minor, posted_minor: how much so far, in its currency.

    account_currency: of the account that it is charged to, ISO 4217.
    """

    phone_id: str
    token_id: str
    account_currency: str
    terminal: SimulatedTerminal
    receipt: Receipt
    authorized_minor: int
    posted_minor: int

    def described(self) -> dict[str, Any]:
        """It as JSON values; its terminal by its identifier."""
        return vars(self) | {"terminal": self.terminal.id, "receipt": self.receipt.described()}

    @classmethod
    def of(cls, described: Mapping[str, Any], terminals: Mapping[str, SimulatedTerminal]) -> Self:
        """The payment that `described` told. terminals: by identifier.

        Raises: ValueError, TypeError, AttributeError or LookupError for another description.
        """
        terminal, receipt = terminals[described["terminal"]], Receipt.of(described["receipt"])
        return cls(**{**described, "terminal": terminal, "receipt": receipt})


Message = Callable[[Payment], Receipt]
"""Sends a message about a payment, from its terminal."""


class Payments:
    """The newest payments of each tenant by authorization, for what follows them."""

    def __init__(self) -> None:
        self._by_tenant: dict[str, OrderedDict[str, Payment]] = {}
        self._lock = threading.Lock()

    def pay(self, terminal: SimulatedTerminal, held: SimulatedPhone, purchase: Purchase) -> Outcome:
        """Hold a phone to a terminal, or pay with it in whatever way the terminal takes payments.

        Raises: FieldError for a currency that there is not, or an option that the kind of terminal has not.
        """
        if purchase.currency not in CURRENCIES:
            raise FieldError("currency", NO_CURRENCY)
        check_options(terminal.kind, purchase)
        # The terminal first, here as everywhere: so no two payments wait for each other.
        with terminal.lock, held.lock:
            card = RecordedCard(held.phone)
            till = AtTill(terminal.device, held.phone, card, purchase)
            outcome = _carried_out(terminal, lambda: TAKINGS[terminal.kind].take(till), card)
            held.phone.leave_field()
            token_id = held.phone.token_id
        receipt = outcome.receipt
        if receipt is not None and receipt.authorization_id is not None and token_id is not None:
            account_currency = held.currency or purchase.currency
            approved = receipt.approved_minor
            posted = approved if receipt.request[0] == "0200" else 0
            self._remember(Payment(held.id, token_id, account_currency, terminal, receipt, approved, posted))
        return outcome

    def find(self, authorization_id: str) -> Payment:
        """The caller's payment with this authorization. Raises: NotFound."""
        with self._lock:
            own = self._by_tenant.get(current_caller.get().tenant)
            if own is None or authorization_id not in own:
                raise NotFound(
                    f"this is none of the last {REMEMBERED_MAX} simulated authorizations; "
                    "a restart of the server forgets them all"
                )
            return own[authorization_id]

    def follow_up(self, payment: Payment, message: Message) -> Outcome:
        """Send a message about an earlier payment from the terminal that took it."""
        with payment.terminal.lock:
            return _carried_out(payment.terminal, lambda: message(payment), None)

    def of_all(self) -> dict[str, list[Payment]]:
        """The payments of all tenants by tenant, the oldest first."""
        with self._lock:
            return {tenant: list(own.values()) for tenant, own in self._by_tenant.items()}

    def replace_all(self, by_tenant: Mapping[str, Iterable[Payment]]) -> None:
        """Remember these in place of what all tenants have."""
        with self._lock:
            self._by_tenant = {
                tenant: OrderedDict((str(payment.receipt.authorization_id), payment) for payment in own)
                for tenant, own in by_tenant.items()
            }

    def close(self) -> None:
        """Forget them all."""
        with self._lock:
            self._by_tenant.clear()

    def _remember(self, payment: Payment) -> None:
        identifier = payment.receipt.authorization_id
        assert identifier is not None
        with self._lock:
            own = self._by_tenant.setdefault(current_caller.get().tenant, OrderedDict())
            own[identifier] = payment
            if len(own) > REMEMBERED_MAX:
                own.popitem(last=False)


def _carried_out(terminal: SimulatedTerminal, work: Callable[[], Receipt], card: RecordedCard | None) -> Outcome:
    """Do something at a terminal and keep what passed meanwhile. It hangs up afterwards: its line is not kept open."""
    trace, device = Trace(), terminal.device
    device.link.watcher = trace.watcher(device.terminal_id)
    receipt = None
    try:
        receipt = work()
        reason, detail = receipt.reason_undecided, receipt.detail
    except FAILURES as error:
        reason, detail = failure(error)
    finally:
        device.link.watcher = None
        device.close()
    return Outcome(receipt, reason, detail, () if card is None else tuple(card.exchanges), tuple(trace.messages))


def complete(payment: Payment, amount_minor: int | None, part: tuple[int, int] | None) -> Receipt:
    """Post a payment (0220). amount_minor: what is not posted yet if None.  part: which completion, of how many."""
    # More may have been posted than was authorized, such as a tip; then nothing is left.
    left = max(payment.authorized_minor - payment.posted_minor, 0)
    amount = left if amount_minor is None else amount_minor
    receipt = payment.terminal.device.complete(payment.receipt, amount, part)
    payment.posted_minor += receipt.approved_minor
    return receipt


def increase(payment: Payment, amount_minor: int) -> Receipt:
    """Add to an authorization (0100 with DE 90)."""
    receipt = payment.terminal.device.increase(payment.receipt, amount_minor)
    payment.authorized_minor += receipt.approved_minor
    return receipt


def reverse(payment: Payment, remaining_minor: int | None) -> Receipt:
    """Take a payment back (0400). remaining_minor: what of it stays; nothing if None."""
    receipt = payment.terminal.device.reverse(payment.receipt, remaining_minor)
    if receipt.approved:
        payment.authorized_minor = remaining_minor or 0
        if payment.receipt.request[0] == "0200":
            # It was posted when it was authorized, so what is reversed is posted no longer.
            payment.posted_minor = min(payment.posted_minor, payment.authorized_minor)
    return receipt


def refund(payment: Payment, amount_minor: int | None) -> Receipt:
    """Give back what was posted (0200). amount_minor: what is posted and was not given back yet if None."""
    amount = payment.posted_minor if amount_minor is None else amount_minor
    receipt = payment.terminal.device.refund(payment.receipt, amount)
    payment.posted_minor -= receipt.approved_minor
    return receipt
