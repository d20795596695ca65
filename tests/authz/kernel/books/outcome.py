"""What the kernel has made of commands, in the words of the plain ledger."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from authz.journal.replay import apply_batch
from authz.program.tables import Bucket
from authz.state.billing import MISSED_MAX, NIGHTS, RELIEF_WAIVES, General, Sum
from authz.state.tables import Counter, State, changes_made, new_state, postings_made, statements_made
from authz.vocabulary.account_changes import ChangeKind, PlanEnd
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import joined
from authz.vocabulary.posting_kinds import posting_kind
from authz.vocabulary.reasons import Reason
from tests.authz.kernel.books.plain.terms import BEARING, BUCKETS

EPOCH = date(1970, 1, 1)


def day_number(day):
    """A date as days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number):
    """The date that is so many days after 1970-01-01."""
    return EPOCH + timedelta(days=number)


@dataclass
class Outcome:
    """A state, and what has come out of the commands that it was made of. postings, statements, changes: by account."""

    state: State = field(default_factory=lambda: new_state(64))
    applied: int = 0
    postings: dict[int, list] = field(default_factory=dict)
    statements: dict[int, list] = field(default_factory=dict)
    changes: dict[int, list] = field(default_factory=dict)
    names: set[tuple] = field(default_factory=set)
    """Of all postings, statements and changes: sequence and part."""
    rows_relieved: int = 0

    def take(self, commands, attachments, expected, batch=64):
        """Apply what was not applied yet, so many commands at once; those that bring a program alone."""
        while self.applied < len(commands):
            begin, end = self.applied, self.applied + 1
            while begin not in attachments and end < min(len(commands), begin + batch) and end not in attachments:
                end += 1
            made = joined(commands[begin:end])
            self.state, results, _ = apply_batch(self.state, made, attachments.get(begin, b""))
            answers = [Reason(reason) for reason in results["reason"].tolist()]
            for place, answer in enumerate(answers, begin):
                told = (place, Kind(int(made["kind"][place - begin])).name, answer.code, expected[place].code)
                assert answer is expected[place], told
            self._note("posting", self.postings, postings_made(self.state))
            self._note("statement", self.statements, statements_made(self.state))
            self._note("change", self.changes, changes_made(self.state))
            self.rows_relieved += int(results["rows_relieved"].sum())
            self.applied = end

    def _note(self, what, kept, rows):
        for row in rows:
            name = (what, int(row["sequence"]), int(row["part"]))
            assert name not in self.names, f"{name} twice"
            self.names.add(name)
            kept.setdefault(int(row["account_id"]) - 1, []).append(row)


def agree(outcome, ledgers):
    """Assert that kernel and plain ledgers say the same of each account, and of all. All days are closed in both."""
    for account, books in enumerate(ledgers):
        assert told_of_postings(outcome.postings.get(account, [])) == books.postings, account
        assert told_of_statements(outcome.statements.get(account, [])) == plain_statements(books), account
        assert told_of_changes(outcome.changes.get(account, [])) == plain_changes(books), account
        assert told_by_kernel(outcome.state, account) == told_by_ledger(books), account
        assert told_of_plans(outcome.state, account) == plain_plans(books), account
        assert outcome.state.accounts[account]["posted_minor"] == books.owed, account
        assert outcome.state.accounts[account]["segment"] == books.segment, account
    general = {}
    for counter, amount in (each for books in ledgers for each in books.general().items()):
        general[counter] = general.get(counter, 0) + amount
    assert general_of(outcome.state) == {counter: amount for counter, amount in general.items() if amount}


def told_by_kernel(state, account):
    """The books of an account whose days are closed, as `told_by_ledger` has them; None without any."""
    row = int(state.accounts[account]["billing"]) - 1
    if row < 0:
        return None
    books, billing = state.books[row], state.billing[row]
    yesterday = int(state.counters[Counter.DAY]) - 1
    is_waived, due_day = bool(billing["missed"] & RELIEF_WAIVES), int(billing["due_day"])
    days = range(int(billing["closed_until"]) + 1, yesterday + 1)
    open_nights = sum(not (is_waived and day < due_day) for day in days)
    nights = {
        name: int(books[NIGHTS + place]) + open_nights * max(int(books[place]), 0) for place, name in enumerate(BEARING)
    }
    return {
        "buckets": {name: int(books[Bucket[name.upper()]]) for name in BUCKETS},
        "nights": nights,
        "due": int(books[Sum.DUE]),
        "to_pay": int(books[Sum.TO_PAY]),
        "in_a_minimum": int(books[Sum.IN_A_MINIMUM]),
        "passes": int(billing["due_passes"]),
        "due_day": due_day if billing["due_passes"] else 0,
        "relief_waives": is_waived,
        "missed": int(billing["missed"]) & MISSED_MAX,
        "last_cut": int(billing["last_cut"]),
        "lost_until": int(billing["lost_until"]),
        "cut_day": int(billing["cut_day"]),
    }


def told_by_ledger(books):
    """The same of a plain ledger."""
    if books.cut_day_in_force is None:
        return None
    days = {name: getattr(books, name) for name in ("passes", "due_day", "last_cut", "lost_until")}
    return {
        "buckets": {name: books.balance(name) for name in BUCKETS},
        "nights": {name: sum(nights) for name, nights in books.nights.items()},
        **{name: getattr(books, name) for name in ("due", "to_pay", "in_a_minimum", "missed", "relief_waives")},
        **{name: day_number(day) if day and day > EPOCH else 0 for name, day in days.items()},
        "cut_day": books.cut_day_in_force,
    }


def told_of_postings(rows):
    """Kinds, amounts and days of what the kernel has posted, as a plain ledger has them."""
    return [(posting_kind(int(row["kind"])).code, int(row["amount_minor"]), day_of(int(row["day"]))) for row in rows]


_STATEMENT = {"closing": "closing_minor", "minimum": "minimum_minor", "interest": "interest_minor"}
_STATEMENT |= {"past_due": "past_due_minor", "missed": "missed", "product": "product", "segment": "segment"}


def told_of_statements(rows):
    """What the kernel's statements say."""
    days = ("day", "since", "due_day")
    return [
        {name: int(row[name]) for name in days} | {name: int(row[field]) for name, field in _STATEMENT.items()}
        for row in rows
    ]


def plain_statements(books):
    """What those of a plain ledger say."""
    return [
        {name: day_number(getattr(each, name)) if getattr(each, name) else 0 for name in ("day", "since", "due_day")}
        | {name: getattr(each, name) for name in _STATEMENT}
        for each in books.statements
    ]


def general_of(state):
    """The general counters that are not 0."""
    return {each.name.lower(): int(state.general[each]) for each in General if state.general[each]}


def told_of_plans(state, account):
    """The instalments of an account: its plans in the order in which they were started.

    What is left of one that has ended is what no statement has asked for yet.
    """
    made = state.plans[: state.counters[Counter.PLANS]]
    billing_row = int(state.accounts[account]["billing"]) - 1
    names = ("sequence", "of", "principal_minor", "left_minor", "months", "billed", "fee_ppm")
    told = []
    for row in made[made["account_id"] == account + 1]:
        plan = {name: int(row[name]) for name in names}
        if row["end"] and row["ended_day"] <= state.billing[billing_row]["last_cut"]:
            plan["left_minor"] = 0
        told.append(tuple(plan.values()))
    return told


def plain_plans(books):
    """The same of a plain ledger."""
    return [
        (
            plan.name,
            plan.of or 0,
            plan.principal,
            plan.left + plan.unasked,
            plan.months,
            len(plan.instalments),
            plan.fee_ppm,
        )
        for plan in books.plans
    ]


def told_of_changes(rows):
    """What the kernel says has changed, day by day; in no order within a day."""
    told = []
    for row in rows:
        kind, detail = ChangeKind(int(row["kind"])), int(row["detail"])
        words = "waived" if detail else "accrues"
        if kind is ChangeKind.SEGMENT_CHANGED:
            words = str(detail)
        if kind in (ChangeKind.PLAN_STARTED, ChangeKind.PLAN_ENDED):
            words = PlanEnd(detail).name.lower() if detail else ""
        named = [int(row[name]) for name in ("day", "about", "amount_minor", "until", "months")]
        told.append((kind.name.lower(), words, *named))
    return sorted(told, key=lambda each: (each[2], each))


def plain_changes(books):
    """What a plain ledger says."""
    told = []
    for each in books.changes:
        until = day_number(each.until) if each.until else 0
        told.append((each.kind, each.detail, day_number(each.day), each.about, each.amount, until, each.months))
    return sorted(told, key=lambda each: (each[2], each))
