"""A bank that is kept twice: by the kernel, from real commands, and in plain ledgers that are told what these mean."""

from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from authz.program.document import ProgramDocument, canonical, with_offsets
from authz.vocabulary.commands import NO_LIMIT, CardholderVerification, Channel, Flag, Kind, Operation, SegmentIs
from authz.vocabulary.layouts import ANY_SEGMENT
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.reasons import Reason
from tests.authz.commands import command, referring, set_account, set_card, set_token, tap
from tests.authz.kernel.books.outcome import Outcome, day_number
from tests.authz.kernel.books.plain.plans import PlainPlan, PlainPurchase
from tests.authz.kernel.books.plain.segments import PlainSegment
from tests.authz.kernel.books.plain.terms import PlainTerms
from tests.authz.kernel.books.plain_ledger import PlainBooks, PlainPayment
from tests.authz.kernel.books.plain_program import PlainCalendar, PlainProducts, section

DAY_US = 86_400_000_000
MUCH = 10**12
ALL_ROWS = 1 << 20
_FIRST_PAN = 700


@dataclass
class Bought:
    """What was charged, and what can still come of it. day: on which it was charged.  current: what stands of it.

    left: what is not given back.  fee: of cash, as long as nobody has given it back.
    """

    message: np.ndarray
    account: int
    sequence: int
    day: date
    current: int
    left: int
    has_goods: bool = True
    has_cash: bool = False
    fee: int = 0
    disputed: int = 0
    authorization: np.ndarray | None = None
    """Of what was held before it was charged."""
    name: int = 0
    """The sequence of that, by which both are one purchase; 0 where nothing was held."""

    @property
    def plain(self):
        """What the ledger knows of it."""
        return PlainPurchase(self.name or self.sequence, self.day, self.has_goods, self.has_cash)


@dataclass
class Paid:
    """A payment, by the sequence of its command."""

    sequence: int
    plain: PlainPayment


@dataclass
class Twin:
    """Accounts 1, 2, ... each with a card and a token. products, cut_days: of each.  clock_us: of the next command.

    segments: those of every program.

    Commands wait until `apply`. expected: how the kernel must answer them.  slots: the places of those that may as well
    be a CLOSE_DAY, and the local day on which they come.
    """

    products: list[int]
    cut_days: list[int]
    terms: dict[int, PlainTerms]
    clock_us: int
    zone: str = "UTC"
    segments: list[PlainSegment] = field(default_factory=list)
    commands: list = field(default_factory=list)
    attachments: dict[int, bytes] = field(default_factory=dict)
    expected: list[Reason] = field(default_factory=list)
    slots: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self):
        """Open the accounts, and activate the first program."""
        self.calendar, self.plain_products = PlainCalendar(), PlainProducts()
        self.outcome = Outcome()
        self.counter = self.notices = self.rows_relieved = 0
        self.books = [
            PlainBooks(terms_on=self.plain_products.terms_on, product=product, cut_day=cut_day, credit_limit=MUCH)
            for product, cut_day in zip(self.products, self.cut_days, strict=True)
        ]
        self.with_cash_back = [[] for _ in self.books]
        self.opened = date.fromordinal(date(1970, 1, 1).toordinal() + self.clock_us // DAY_US)
        for books in self.books if self.segments else ():
            books.terms_in = {each.number: each.terms for each in self.segments}
            books.segment_of = self._segment_of
        for account, books in enumerate(self.books):
            self.set_account(account, books.product, books.cut_day)
            self.send(self._noticed(set_card, card=account + 1, account=account + 1))
            its = {"pan": _FIRST_PAN + account, "card": account + 1, "account": account + 1}
            self.send(self._noticed(set_token, **its, channels=1 << Channel.CONTACTLESS))
        self.activate(self.terms, self.zone)

    @property
    def today(self):
        """The local day of the last command."""
        return self.calendar.today

    def _noticed(self, make, **values):
        self.notices += 1
        return make(self.notices, time_us=self.clock_us, **values)

    def send(self, made, expected=Reason.APPROVED, attachment=b""):
        """Take a command; returns its sequence."""
        self.begin_day()
        if attachment:
            self.attachments[len(self.commands)] = attachment
        self.commands.append(made)
        self.expected.append(expected)
        return len(self.commands)

    def begin_day(self):
        """End the days before that of the next command in the ledgers."""
        for books in self.books:
            day = self.calendar.day_at(self.clock_us)
            if books.today == date.min:
                books.today = day
            books.close(date.fromordinal(day.toordinal() - 1))

    def _next(self):
        self.counter += 1
        return self.counter

    # What can happen

    def set_account(self, account, product, cut_day):
        """The vault tells of an account, or that it has another product or day of the statement."""
        self.begin_day()
        values = {"limit_minor": MUCH, "transaction_limit_minor": NO_LIMIT, "product": product, "cut_day": cut_day}
        values["cut_day"] = cut_day if product else 0
        pinned = self.books[account].pinned
        values["segment"] = pinned or 0
        values["segment_is"] = SegmentIs.UNPINNED if pinned is None else SegmentIs.PINNED
        self.send(self._noticed(set_account, account=account + 1, **values))
        if product:
            self.books[account].join(product, cut_day)

    def pin(self, account, segment):
        """The vault tells that an account is pinned to a segment, or to none."""
        self.begin_day()
        books = self.books[account]
        books.pin(segment)
        self.set_account(account, books.product, books.cut_day)

    def _segment_of(self, books):
        """The segment of an account at the end of the day that is open in its ledger."""
        attributes = {
            "product": books.product,
            "missed_dues": books.missed,
            "owed_ppm": books.share_owed(),
            "account_age": (books.today - self.opened).days,
        }
        account = next(place for place, each in enumerate(self.books) if each is books)
        spent = [(int(each.message["time_us"][0]), each.current) for each in self.with_cash_back[account]]
        of_day = attributes, spent, books.today, self.calendar.next_zone
        return next((each.number for each in self.segments if each.holds(*of_day)), 0)

    def activate(self, terms, zone):
        """Another program."""
        segments = [each.document for each in self.segments]
        document = ProgramDocument.model_validate({"time_zone": zone, "products": section(terms), "segments": segments})
        attachment = canonical(with_offsets(document))
        self.send(command(Kind.ACTIVATE_PROGRAM, time_us=self.clock_us), attachment=attachment)
        for product, its in terms.items():
            if self.plain_products.terms_on(product, date.max) != its or product not in self.plain_products.known:
                self.plain_products.bring(product, its, self.today)
        self.calendar.next_zone = ZoneInfo(zone)

    def tap(self, account, amount, **values):
        """A message of an account's token, which is not sent."""
        atc = self._next()
        return tap(
            atc, amount, _FIRST_PAN + account, time_us=self.clock_us, **{"kind": Kind.FINANCIAL_REQUEST, **values}
        )

    def _follow(self, original, kind, **values):
        return referring(kind, original, time_us=self.clock_us, stan=500_000 + self._next(), **values)

    def is_blocked(self, account):
        """Whether so many dues were missed that nothing can be bought."""
        self.begin_day()
        books = self.books[account]
        return books.product != 0 and 0 < books.terms.blocks_after_missed <= books.missed

    def buy(self, account, amount):
        """A purchase that is charged at once; None where it is refused."""
        message = self.tap(account, amount)
        if self.is_blocked(account):
            self.send(message, Reason.PAYMENT_OVERDUE)
            return None
        sequence = self.send(message)
        self.books[account].buy(amount)
        return Bought(message, account, sequence, self.today, amount, amount)

    def authorize(self, account, amount, operation=Operation.PURCHASE):
        """A purchase, or cash, that is held and not charged; returns the message."""
        values = {"kind": Kind.AUTHORIZATION_REQUEST, "operation": operation}
        message = self.tap(account, amount, cardholder_verification=CardholderVerification.PIN, **values)
        self.send(message)
        if operation == Operation.CASH:
            self.books[account].open()
        return message

    def complete(self, account, authorization, amount):
        """The charge of an authorization whose hold has not ended."""
        is_cash = int(authorization["operation"][0]) == Operation.CASH
        message = self._follow(
            authorization, Kind.FINANCIAL_REQUEST, amount_minor=amount, operation=authorization["operation"]
        )
        sequence, books = self.send(message), self.books[account]
        fee = books.draw(amount) if is_cash else books.buy(amount) or 0
        its = {"has_goods": not is_cash, "has_cash": is_cash, "fee": fee, "authorization": authorization}
        its["name"] = next(place for place, made in enumerate(self.commands, 1) if made is authorization)
        return Bought(message, account, sequence, self.today, amount, amount, **its)

    def draw(self, account, amount):
        """Cash that is charged at once."""
        values = {"operation": Operation.CASH, "cardholder_verification": CardholderVerification.PIN}
        message = self.tap(account, amount, **values)
        sequence = self.send(message)
        fee = self.books[account].draw(amount)
        return Bought(message, account, sequence, self.today, amount, amount, has_goods=False, has_cash=True, fee=fee)

    def buy_with_cash_back(self, account, goods, cash):
        """A purchase, a part of which is paid out."""
        values = {"operation": Operation.PURCHASE_WITH_CASH_BACK, "cash_minor": cash}
        values["cardholder_verification"] = CardholderVerification.PIN
        message, whole = self.tap(account, goods + cash, **values), goods + cash
        sequence = self.send(message)
        if goods:
            self.books[account].buy(goods)
        self.books[account].draw(cash)
        bought = Bought(message, account, sequence, self.today, whole, whole, has_goods=True, has_cash=True)
        self.with_cash_back[account].append(bought)
        return bought

    def refund(self, bought, amount, *, names_authorization=False):
        """A merchant gives back, naming the charge or what it has completed; returns the message, and what counted."""
        named = bought.authorization if names_authorization else bought.message
        message = self._follow(named, Kind.FINANCIAL_REQUEST, amount_minor=amount, operation=Operation.REFUND)
        self.send(message)
        return message, self._give_back(bought, "refund", amount)

    def refund_without_purchase(self, account, amount):
        """A merchant gives back, and does not say for what: at most what is owed."""
        self.send(self.tap(account, amount, kind=Kind.FINANCIAL_ADVICE, operation=Operation.REFUND))
        if given := min(amount, max(self.books[account].owed, 0)):
            self.books[account].give_back("refund", PlainPurchase(0, self.today), given)

    def take_refund_back(self, bought, refund):
        """A refund is reversed. refund: see there."""
        message, counted = refund
        amount = int(message["amount_minor"][0])
        self.send(self._follow(message, Kind.REVERSAL_REQUEST, operation=Operation.REFUND))
        self.books[bought.account].take_refund_back(amount, counted)
        bought.left += amount

    def reverse(self, bought, remaining=0):
        """A charge is taken back but for what remains."""
        undone, whole = bought.current - remaining, bought.current == bought.left and bought.disputed == 0
        values = {"amount_minor": bought.current, "operation": bought.message["operation"]}
        if remaining:
            values |= {"replacement_minor": remaining, "flags": Flag.HAS_ORIGINAL | Flag.HAS_REPLACEMENT}
        is_first = whole and bought.current == int(bought.message["amount_minor"][0])
        self.send(self._follow(bought.message, Kind.REVERSAL_REQUEST, **values))
        self._give_back(bought, "reversal", undone)
        bought.current = remaining
        if bought.fee and is_first and not remaining:
            self.books[bought.account].waive("fees", bought.fee)
            bought.fee = 0

    def charge_back(self, bought, amount):
        """The issuer gives back what is disputed."""
        values = {"account_id": bought.account + 1, "decision": bought.sequence, "amount_minor": amount}
        self.send(command(Kind.CHARGEBACK, time_us=self.clock_us, **values))
        self._give_back(bought, "chargeback", amount)
        bought.disputed += amount

    def represent(self, bought, amount):
        """The acquirer presents again what was charged back."""
        values = {"account_id": bought.account + 1, "decision": bought.sequence, "amount_minor": amount}
        self.send(command(Kind.REPRESENTMENT, time_us=self.clock_us, **values))
        self.books[bought.account].buy(amount, "representment")
        bought.disputed -= amount
        bought.left += amount

    def _give_back(self, bought, kind, amount):
        bought.left -= amount
        return self.books[bought.account].give_back(kind, bought.plain, amount)

    def pay(self, account, amount):
        """A payment."""
        reason = Reason.APPROVED if self.books[account].product else Reason.ACCOUNT_WITHOUT_PRODUCT
        sequence = self.tell(Kind.PAYMENT, account, reason, amount_minor=amount)
        return Paid(sequence, self.books[account].pay(amount)) if reason is Reason.APPROVED else None

    def tell(self, kind, account, reason=Reason.APPROVED, **values):
        """A command of the issuer's own about an account, of which no ledger is told; returns its sequence."""
        return self.send(command(kind, account_id=account + 1, time_us=self.clock_us, **values), reason)

    def return_payment(self, account, paid):
        """A payment comes back, once."""
        self.tell(Kind.PAYMENT_RETURNED, account, decision=paid.sequence)
        self.books[account].return_payment(paid.plain)
        self.tell(Kind.PAYMENT_RETURNED, account, Reason.ALREADY_GIVEN_BACK, decision=paid.sequence)

    def waive_cash_fee(self, bought):
        """The fee of cash is given back, once."""
        its = {"decision": bought.sequence, "part": 1, "posting_kind": PostingKind.CASH_FEE}
        self.tell(Kind.WAIVE, bought.account, amount_minor=bought.fee, **its)
        self.books[bought.account].waive("fees", bought.fee)
        self.tell(Kind.WAIVE, bought.account, Reason.ALREADY_GIVEN_BACK, amount_minor=bought.fee, **its)
        bought.fee = 0

    def waive(self, account, bucket, amount):
        """Interest or a late fee is given back: here whichever, by a name that nothing else has."""
        kind = PostingKind.INTEREST if bucket == "interest" else PostingKind.LATE_FEE
        self.tell(Kind.WAIVE, account, amount_minor=amount, decision=self._next(), part=1_000, posting_kind=kind)
        self.books[account].waive(bucket, amount)

    def adjust(self, account, amount):
        """The issuer corrects."""
        self.tell(Kind.ADJUST, account, amount_minor=amount)
        self.books[account].adjust(amount)

    def write_off(self, account):
        """The issuer gives up what is owed."""
        owes = self.books[account].owed > 0
        self.tell(Kind.WRITE_OFF, account, Reason.APPROVED if owes else Reason.NOTHING_OWED)
        if owes:
            self.books[account].write_off()

    def start_plan(self, account, months, fee_ppm=6_000, amount=0, bought=None, statement_day=0):
        """Instalments of a purchase, or of the last statement; amount: 0 for all. None where they are refused."""
        self.begin_day()
        books, plain = self.books[account], bought.plain if bought else None
        left = bought.left if bought else MUCH
        named = {"decision": bought.sequence if bought else 0, "amount_minor": amount, "statement_day": statement_day}
        why_not = books.no_plan_because(amount, plain, left)
        reason = Reason[why_not.upper()] if why_not else Reason.APPROVED
        name = self.tell(Kind.START_PLAN, account, reason, **named, plan_months=months, fee_ppm=fee_ppm)
        if why_not:
            return None
        return books.start_plan(name, months, fee_ppm, amount or books.splittable(plain, left), plain)

    def end_plan(self, account, plan: PlainPlan, fee_ppm=30_000, fee_min=1_000):
        """What is left of a plan is billed at once; it is refused where the plan has ended."""
        self.begin_day()
        reason = Reason.MISSING_ORIGINAL_AUTHORIZATION if plan.end else Reason.APPROVED
        self.tell(Kind.END_PLAN, account, reason, decision=plan.name, fee_ppm=fee_ppm, fee_min=fee_min)
        if reason is Reason.APPROVED:
            self.books[account].end_plan(plan, fee_ppm, fee_min)

    def relieve(self, account, months, *, waives=True):
        """What is due moves to the due day of the n-th statement to come."""
        self.begin_day()
        self.rows_relieved += self.books[account].relieve(months, waives=waives)
        self.tell(Kind.RELIEVE, account, months=months, is_waived=int(waives))

    def relieve_range(self, months, *, waives=True, first_row=0, rows=ALL_ROWS, product=0):
        """The same of all in a range of rows that owe something, and have a product if one is named."""
        self.begin_day()
        named = {"first_row": first_row, "rows": rows, "product": product, "of_segment": ANY_SEGMENT}
        for books in self.books[first_row : first_row + rows]:
            if books.owed > 0 and books.product and product in (0, books.product):
                self.rows_relieved += books.relieve(months, waives=waives)
        named |= {"months": months, "is_waived": int(waives)}
        self.send(command(Kind.RELIEVE_RANGE, time_us=self.clock_us, **named))

    def pass_time(self):
        """Nothing; the place of a CLOSE_DAY."""
        self.send(command(Kind.PASS_TIME, time_us=self.clock_us))
        self.slots.append((len(self.commands) - 1, day_number(self.today)))

    def close(self, day, first_row=0, rows=ALL_ROWS):
        """A CLOSE_DAY; the ledgers have closed it already. day: a date."""
        named = {"day": day_number(day), "first_row": first_row, "rows": rows}
        is_over = day < self.calendar.day_at(self.clock_us)
        self.send(
            command(Kind.CLOSE_DAY, time_us=self.clock_us, **named), Reason.APPROVED if is_over else Reason.DAY_NOT_OVER
        )

    def apply(self):
        """Have the kernel apply what waits."""
        self.outcome.take(self.commands, self.attachments, self.expected)
