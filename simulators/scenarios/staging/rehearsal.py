"""Validates a scenario before it runs: its cast, and what later steps need from earlier ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulators.process.did_you_mean import did_you_mean
from simulators.scenarios.staging.cast import Cast, PhonePart, TerminalPart


@dataclass(frozen=True)
class EarlierPayment:
    """A payment that a step will have made. terminal: whose.  currency: of its amount.

    is_certain: it is made whatever the seed chooses.  verb: of the step.
    """

    verb: str
    terminal: str | None = None
    currency: str | None = None
    is_payment: bool = True
    is_certain: bool = True

    @staticmethod
    def either(each: "list[EarlierPayment | None]", *, in_all: bool) -> "EarlierPayment | None":
        """What is known of a payment that one of several blocks makes. in_all: whichever of them it is."""
        made = [payment for payment in each if payment is not None]
        if len(made) < len(each):
            return None
        terminals, currencies = {one.terminal for one in made}, {one.currency for one in made}
        return EarlierPayment(
            made[-1].verb,
            terminals.pop() if len(terminals) == 1 else None,
            currencies.pop() if len(currencies) == 1 else None,
            is_payment=all(one.is_payment for one in made),
            is_certain=in_all and all(one.is_certain for one in made),
        )


@dataclass
class Rehearsal:
    """Everybody of the cast by name, also those whose entries are wrong: that is said once, where they stand."""

    cast: Cast = field(default_factory=Cast)
    unreadable: Mapping[str, frozenset[str]] = field(default_factory=dict)
    named: dict[str, EarlierPayment | None] = field(default_factory=dict)
    """What earlier steps were named, None where such a step is wrong itself."""
    codes: set[str] = field(default_factory=set)
    """Phones that a code was sent for."""
    program: dict[str, Any] = field(default_factory=dict)
    """The parts of the program that steps have set."""
    program_names: dict[str, set[str]] = field(default_factory=dict)
    """Of ``limits`` and ``rules``, where steps have set any: what they were called."""

    def leave_program(self, parts: Mapping[str, Any]) -> None:
        """Note the parts of the program that a step sets."""
        self.program = self.program | dict(parts)
        for group in ("limits", "rules"):
            if isinstance(entries := parts.get(group), list):
                there = {str(entry.get("id")) for entry in entries if isinstance(entry, dict)}
                self.program_names[group] = self.program_names.get(group, set()) | there

    def names(self, group: str) -> list[str]:
        """Who is there of one group of the cast."""
        return sorted({*getattr(self.cast, group), *self.unreadable.get(group, ())})

    def absence(self, group: str, name: str) -> str:
        """Why a name leads nowhere; empty where it leads somewhere."""
        if group == "payments":
            return self._no_payment(name)
        if group in ("limits", "rules"):
            named = self.program_names.get(group, {name})  # a server of one's own may have others
            return (
                "" if name in named else f"no step set_program before has a {group[:-1]} {name!r}{_near(name, named)}"
            )
        there = self.names(group)
        return "" if name in there else f"there is no {group[:-1]} {name!r}{_near(name, there)}"

    def _no_payment(self, name: str) -> str:
        if name not in self.named:
            payments = [each for each, what in self.named.items() if what is None or what.is_payment]
            return f"there is no earlier step with the name {name!r}{_near(name, payments)}"
        found = self.named[name]
        if found is not None and not found.is_payment:
            return f"{name!r} is the name of a step {found.verb}, which is no payment"
        if found is not None and not found.is_certain:
            return f"{name!r} is played in some of the blocks of one_of only: name a payment in each of them"
        return ""

    def payment(self, name: str) -> EarlierPayment | None:
        """An earlier payment, where all is known of it."""
        found = self.named.get(name)
        return found if found is not None and found.is_payment else None

    def phone(self, name: str) -> PhonePart | None:
        """A phone of the cast, where its entry is right."""
        return self.cast.phones.get(name)

    def terminal(self, name: str | None) -> TerminalPart | None:
        """A terminal of the cast, where its entry is right."""
        return None if name is None else self.cast.terminals.get(name)

    def account_currency(self, account: str) -> str | None:
        """The currency of an account, where it is known."""
        found = self.cast.accounts.get(account)
        return None if found is None else found.currency

    def phone_currency(self, name: str) -> str | None:
        """The currency of the account behind a phone, where it is known."""
        phone = self.phone(name)
        card = None if phone is None else self.cast.cards.get(phone.card)
        return None if card is None else self.account_currency(card.account)


def _near(name: str, there: Iterable[str]) -> str:
    known = sorted(there)
    return f"; known: {', '.join(known) or 'none'}{did_you_mean(name, known)}"
