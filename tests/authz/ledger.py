"""A ledger of another shape: plain Python objects and lists, written from the documentation, to audit the kernel.

Nothing here is kept as a running total: what is held is the sum of the open sales, what is owed the sum of the entries.
"""

from dataclasses import dataclass, field


@dataclass
class Sale:
    """One approved message: what it is good for, what of that is still set aside, and what came of it.

    amount: what it stands at, at least what was completed of it.  named: what its reversals must name.
    """

    name: tuple
    amount: int
    is_authorization: bool
    set_aside: int = 0
    completed: int = 0
    charged: int = 0
    refunded: int = 0
    disputed: int = 0
    reversed: bool = False
    part_of: "Sale | None" = None
    gives_back: bool = False
    named: int = 0
    asks_for_refund: bool = False

    def __post_init__(self) -> None:
        """Whoever reverses it names all of it."""
        self.named = self.amount

    @property
    def left(self) -> int:
        """What was charged for it and not given back; a completion and its authorization are one purchase."""
        if self.is_authorization:
            return self.completed - self.refunded - self.disputed
        if self.gives_back or not self.charged:
            return 0
        left = self.amount - self.refunded - self.disputed
        return min(left, self.part_of.left) if self.part_of else left

    @property
    def is_settled(self) -> bool:
        """Whether a reversal finds nothing to undo."""
        if self.is_authorization:
            holder = (None if self.asks_for_refund else self.part_of) or self
            return holder.set_aside == 0 and holder.completed > 0
        return self.charged > 0 and self.left <= 0


@dataclass
class PlainAccount:
    """A credit line, its sales, and its entries: a kind and a signed amount for all that was charged or given back."""

    limit: int
    transaction_limit: int | None
    sales: list[Sale] = field(default_factory=list)
    entries: list[tuple[str, int]] = field(default_factory=list)

    @property
    def held(self) -> int:
        """Everything set aside."""
        return sum(sale.set_aside for sale in self.sales)

    @property
    def available(self) -> int:
        """What can still be spent."""
        return self.limit - self.owed - self.held

    @property
    def owed(self) -> int:
        """Everything charged and not given back."""
        return sum(amount for _, amount in self.entries)

    def enter(self, kind: str, amount: int) -> None:
        """Charge an amount, or give it back; nothing is entered for nothing."""
        if amount:
            self.entries.append((kind, amount))

    def allows(self, amount: int) -> bool:
        """Whether a single amount is within the account's own limit for it."""
        return self.transaction_limit is None or amount <= self.transaction_limit


@dataclass
class PlainToken:
    """A token and the counters it has used."""

    account: PlainAccount
    channels: set[int]
    expiry: int
    state: str = "active"
    card_frozen: bool = False
    used: set[int] = field(default_factory=set)


@dataclass
class Ledger:
    """All tokens by number. Answers with reason names. Messages are dictionaries, named by class, STAN and token."""

    month: int
    tolerance_percent: int
    tokens: dict[int, PlainToken] = field(default_factory=dict)
    answers: dict[tuple, tuple[str, int]] = field(default_factory=dict)
    operations: dict[tuple, str] = field(default_factory=dict)
    reversed_before: set[tuple] = field(default_factory=set)

    def request(self, message: dict) -> str:
        """Decide on a tap, an increment, a completion or a refund."""
        token = self.tokens.get(message["pan"])
        if token is None:
            return "token_not_found"
        taps = not message.get("original") and message["operation"] != "refund"
        if taps and (refusal := self._card_refusal(token, message)):
            return refusal
        name = message["name"]
        known = self.answers.get(name)
        if known and message["repeat"] and self._says_the_same(message):
            return known[0]
        if known:
            return "duplicate_transmission"
        if taps:
            if message["atc"] in token.used or message["atc"] <= max(token.used, default=0) - 64:
                return self._remember(name, message, "replayed_cryptogram")
            if message["atc"] > max(token.used, default=0) + 1_000:
                return self._remember(name, message, "transaction_counter_jump")
            token.used.add(message["atc"])
        answer = self._standing_refusal(token, message) or self._money(token.account, message)
        if not taps and message.get("original") not in self.answers:
            return answer  # it proves nothing, and leaves no trace
        return self._remember(name, message, answer)

    def _says_the_same(self, message: dict) -> bool:
        name, operation = message["name"], message["operation"]
        return self.answers[name][1] == message["amount"] and self.operations.get(name, operation) == operation

    def _remember(self, name: tuple, message: dict, answer: str) -> str:
        self.answers.setdefault(name, (answer, message["amount"]))
        self.operations.setdefault(name, message["operation"])
        return answer

    def _card_refusal(self, token: PlainToken, message: dict) -> str | None:
        if message["channel"] not in token.channels:
            return "channel_not_allowed"
        if message["cryptogram"] != "valid":
            return {"absent": "missing_cryptogram", "invalid": "invalid_cryptogram"}[message["cryptogram"]]
        if message["signed_for_remote"] != (message["channel"] == 4):
            return "wrong_entry_mode"
        return "cryptogram_data_mismatch" if message["amount"] != message["signed_amount"] else None

    def _standing_refusal(self, token: PlainToken, message: dict) -> str | None:
        refusals = {
            f"token_{token.state}": token.state != "active",
            "token_expired": self.month > token.expiry,
            "card_frozen": token.card_frozen,
            "already_reversed": message["name"] in self.reversed_before,
        }
        return next((reason for reason, applies in refusals.items() if applies), None)

    def _money(self, account: PlainAccount, message: dict) -> str:
        amount, is_authorization = message["amount"], message["name"][0] == 1
        if message["operation"] == "refund" or message.get("original"):
            return self._referring(account, message)
        if not account.allows(amount):
            return "exceeds_limit"
        answer = "approved" if amount else "verified"
        if amount > account.available and amount:
            if not message["takes_part"] or account.available <= 0:
                return "insufficient_funds"
            amount, answer = account.available, "partially_approved"
        sale = Sale(message["name"], amount, is_authorization)
        account.sales.append(sale)
        if is_authorization:
            sale.set_aside = amount
        else:
            sale.charged = amount
            account.enter("purchase", amount)
        return answer

    def _referring(self, account: PlainAccount, message: dict) -> str:
        amount, is_authorization = message["amount"], message["name"][0] == 1
        original = self._meant(self._sale(account, message.get("original")), message["operation"])
        if original is None:
            return "missing_original_authorization"
        if original.reversed:
            return "already_reversed"
        sale = Sale(message["name"], amount, is_authorization, part_of=original)
        if message["operation"] == "refund":
            if amount == 0:
                return "invalid_amount"
            if amount > original.left:
                return "exceeds_remainder"
            sale.asks_for_refund = True
            if not is_authorization:
                sale.gives_back, sale.charged = True, -amount
                self._note_refund(original, amount)
                account.enter("refund", -amount)
            account.sales.append(sale)
            return "approved"
        if not original.is_authorization:
            return "missing_original_authorization"
        if original.set_aside == 0:
            return "authorization_closed"
        if amount == 0:
            return "invalid_amount"
        if is_authorization:
            if not account.allows(amount + original.amount):
                return "exceeds_limit"
            if amount > account.available:
                return "insufficient_funds"
            original.amount += amount
            original.named += amount
            original.set_aside += amount
        else:
            allowed = original.amount * (100 + self.tolerance_percent) // 100 - original.completed
            if amount > allowed:
                return "exceeds_authorized_amount"
            if not account.allows(amount):
                return "exceeds_limit"
            beyond = amount - min(amount, original.set_aside)
            if beyond > account.available and beyond > 0:
                return "insufficient_funds"
            self._complete(account, original, sale, message)
        account.sales.append(sale)
        return "approved"

    @staticmethod
    def _complete(account: PlainAccount, original: Sale, sale: Sale, message: dict) -> None:
        account.enter("purchase" if original.set_aside > 0 else "force_post", sale.amount)
        original.completed += sale.amount
        original.set_aside = max(0, original.set_aside - sale.amount) if message["more_follows"] else 0
        sale.charged = sale.amount

    @staticmethod
    def _note_refund(sale: Sale, amount: int) -> None:
        """A completion tells its authorization of it."""
        sale.refunded += amount
        if sale.charged > 0 and sale.part_of:
            sale.part_of.refunded += amount

    def dispute(self, message: dict) -> str:
        """Charge a sale back, or present it again. Only what was charged and still stands is disputed."""
        account, amount = self.tokens[message["pan"]].account, message["amount"]
        sale = self._sale(account, message["original"])
        if sale is None or sale.charged <= 0:
            return "missing_original_authorization"
        if amount == 0:
            return "invalid_amount"
        if amount > (sale.disputed if message["again"] else sale.left):
            return "exceeds_remainder"
        change = amount if message["again"] else -amount
        sale.disputed -= change
        if sale.part_of:
            sale.part_of.disputed -= change
        account.enter("representment" if message["again"] else "chargeback", change)
        return "approved"

    @staticmethod
    def _sale(account: PlainAccount, name: tuple | None) -> Sale | None:
        return next((sale for sale in account.sales if sale.name == name), None)

    @staticmethod
    def _meant(sale: Sale | None, operation: str) -> Sale | None:
        """Whoever names an increment means its authorization; who carries out a refund, the purchase behind it."""
        if sale is None or not sale.is_authorization or sale.part_of is None:
            return sale
        return sale if sale.asks_for_refund and operation != "refund" else sale.part_of

    def advice(self, message: dict) -> str:
        """Take over what was decided elsewhere."""
        token = self.tokens.get(message["pan"])
        if token is None:
            return "token_not_found"
        name, amount, account = message["name"], message["amount"], token.account
        known = self.answers.get(name)
        if known is not None:
            settled = ("approved", "partially_approved", "verified", "advised_decline")
            was_declined = known[0] not in settled and name not in self.reversed_before
            if was_declined and name[0] == 1 and not message["declined"] and amount:
                account.sales.append(Sale(name, amount, is_authorization=True, set_aside=amount))
                self.answers[name] = ("approved", known[1])
            return "approved"
        if message["declined"] or name in self.reversed_before:
            self.answers[name] = ("advised_decline", amount)
            return "approved"
        self.answers[name] = ("approved", amount)
        original = self._meant(self._sale(account, message.get("original")), message["operation"])
        sale = Sale(name, amount, name[0] == 1, part_of=original)
        account.sales.append(sale)
        if name[0] == 1:
            if original is not None and original.set_aside > 0 and amount:
                original.amount += amount
                original.named += amount
                original.set_aside += amount
            else:
                sale.part_of = None
                sale.set_aside = amount
        elif original is not None and original.is_authorization:
            self._complete(account, original, sale, message)
        else:
            sale.part_of, sale.charged = None, amount
            account.enter("force_post", amount)
        return "approved"

    def reverse(self, message: dict) -> str:
        """Undo a sale but for what remains of it."""
        token = self.tokens.get(message["pan"])
        if token is None:
            return "token_not_found"
        name = message["name"]
        if name in self.answers:
            return self.answers[name][0]
        answer = self._reverse(token.account, message)
        self.answers[name] = (answer, message["amount"])
        return answer

    def _reverse(self, account: PlainAccount, message: dict) -> str:
        sale, remaining = self._sale(account, message["original"]), message["remaining"]
        if sale is None:
            if message["original"] not in self.answers:
                self.reversed_before.add(message["original"])
            return "missing_original_authorization"
        if not sale.reversed and sale.is_settled:
            return "nothing_to_reverse"
        if message["amount"] not in (sale.named, self.answers[sale.name][1]):
            return "original_amount_mismatch"
        if sale.reversed:
            return "approved"
        if remaining is not None and remaining > sale.named:
            return "original_amount_mismatch"
        if sale.charged > 0 and sale.amount - (remaining or 0) > sale.left:
            return "exceeds_remainder"
        self._undo(account, sale, remaining or 0)
        return "approved"

    def _undo(self, account: PlainAccount, sale: Sale, remaining: int) -> None:
        undone = max(0, sale.amount - max(remaining, sale.completed))
        is_increment = sale.part_of is not None and sale.is_authorization and not sale.asks_for_refund
        if is_increment:
            undone = min(undone, max(0, sale.part_of.amount - sale.part_of.completed))
            sale.part_of.named -= sale.named - remaining
            sale.part_of.amount -= undone
            sale.part_of.set_aside -= min(undone, sale.part_of.set_aside)
        sale.amount -= undone
        sale.named = remaining
        sale.reversed = remaining == 0 and sale.completed == 0
        if sale.charged:
            account.enter("reversal", undone if sale.gives_back else -undone)
            if sale.gives_back and sale.part_of:
                self._note_refund(sale.part_of, -undone)
            elif sale.part_of:
                sale.part_of.completed -= undone
        elif not is_increment:
            sale.set_aside = min(sale.set_aside, max(0, remaining - sale.completed))
