"""The words of a check in an explanation: what it saw and its bound, from the check's row."""

from dataclasses import dataclass

from authz.kernel.checks.order import ORDER
from authz.kernel.checks.single_use import ATC_JUMP_MAX
from authz.program.tables import CashVerification
from authz.vocabulary.commands import (
    COUNTRIES_MAX,
    COUNTRY_BITS,
    NO_LIMIT,
    CardholderVerification,
    Channel,
    CryptogramOutcome,
    Flag,
)
from authz.vocabulary.follow_ups import FIELD_NAMES, RULES, FollowUp, Rule, SharedField
from authz.vocabulary.labels import currency_code, operation_name
from authz.vocabulary.reasons import Reason
from authz.vocabulary.states import CardState, TokenState
from tokenvault.reference_data.currencies import amount_text
from tokenvault.vocabulary.identifiers import Prefix, to_text

_SIGNED_FOR = {
    0: "a tap",
    Flag.SIGNED_FOR_REMOTE: "an app",
    Flag.SIGNED_FOR_QR_CODE: "a QR code",
    Flag.SIGNED_FOR_REMOTE | Flag.SIGNED_FOR_QR_CODE: "none that is defined (11)",
}

_CIRCUMSTANCES = {
    Flag.SIGNED_FOR_OTHER_CASH: "other cash-back (9F03)",
    Flag.SIGNED_ON_ANOTHER_DAY: "another day (9A)",
    Flag.SIGNED_IN_ANOTHER_COUNTRY: "another country (9F1A)",
    Flag.SENT_AT_ANOTHER_TIME: "sent at another time (DE 7)",
}

_VERIFIED: dict[int, str] = {
    CardholderVerification.NONE: "not verified, as far as proven",
    CardholderVerification.PIN: "verified by PIN",
    CardholderVerification.DEVICE: "verified by the device, which signed for it (9F10)",
}
_VERIFICATION_WANTED: dict[int, str] = {
    CashVerification.NONE: "none: no cash, or not required by the program",
    CashVerification.ANY: "verified by PIN or by the device",
    CashVerification.PIN: "verified by PIN",
}

_TEMPLATES = {row.name: (row.saw, row.bound) for row in reversed(ORDER)}
"""Of each check; where rows for different passes share a name, those of the first."""


@dataclass(frozen=True)
class Currencies:
    """The alphabetic codes of a transaction's currency, and of its account's."""

    transaction: str
    account: str


def worded(name: str, seen: int, bound: int, currencies: Currencies) -> tuple[str, str]:
    """What a check saw, and its bound, in words."""
    fields = {"seen": Shown(seen, bound, currencies), "bound": Shown(bound, seen, currencies)}
    saw, held_against = _TEMPLATES[name]
    return saw.format(**fields), held_against.format(**fields)


class Shown(int):
    """One of a finding's two numbers. Its properties put it in words: the rows of `order` name them.

    other: the finding's other number, which some words depend on.
    """

    other: int
    currencies: Currencies

    def __new__(cls, number: int, other: int, currencies: Currencies) -> "Shown":
        """See the class."""
        made = super().__new__(cls, number)
        made.other, made.currencies = other, currencies
        return made

    @property
    def known(self) -> str:
        """Whether the token was found."""
        return "known" if self else "unknown"

    @property
    def operation(self) -> str:
        """DE 3."""
        return operation_name(self)

    @property
    def channel(self) -> str:
        """One channel."""
        return Channel(self).name.lower()

    @property
    def channels(self) -> str:
        """A token's domain: one bit each."""
        return ", ".join(channel.name.lower() for channel in Channel if self >> channel & 1) or "none"

    @property
    def merchant(self) -> str:
        """Whether it was the token's merchant, where it has one."""
        if not self.other:
            return "a merchant"
        return "the token's merchant" if self else "another merchant"

    @property
    def restricted_merchant(self) -> str:
        """Whether the token has one."""
        return "the token's merchant" if self else "any"

    @property
    def countries(self) -> str:
        """A token's countries, packed."""
        numbers = (self >> COUNTRY_BITS * place & 0xFFFF for place in range(COUNTRIES_MAX))
        return ", ".join(f"{number:03d}" for number in numbers if number) or "any"

    @property
    def cryptogram_outcome(self) -> str:
        """What the network found of the cryptogram."""
        return CryptogramOutcome(self).name.lower()

    @property
    def signed_for(self) -> str:
        """How the phone meant to pay (tag 9F10)."""
        return _SIGNED_FOR[int(self)]

    @property
    def signed_operation(self) -> str:
        """Whether tag 9C names another type than DE 3."""
        return "another one than the phone signed (9C)" if self else "the one that the phone signed (9C)"

    @property
    def amount(self) -> str:
        """An amount in the transaction's currency."""
        return amount_text(int(self), self.currencies.transaction)

    @property
    def billing(self) -> str:
        """An amount in the account's currency."""
        return amount_text(int(self), self.currencies.account)

    @property
    def fitting_amount(self) -> str:
        """The cash in an amount."""
        return f"fits the transaction; cash in it {self.amount}" if self else "fits the transaction"

    @property
    def currency(self) -> str:
        """A currency by its number."""
        return currency_code(self)

    @property
    def circumstances(self) -> str:
        """The flags of what differs from what was signed."""
        return ", ".join(said for flag, said in _CIRCUMSTANCES.items() if self & flag) or "as signed"

    @property
    def counter_jump(self) -> int:
        """How far a transaction counter may leap."""
        return ATC_JUMP_MAX

    @property
    def signing_key(self) -> str:
        """The limited-use key that signed, by its index."""
        return f"index {self:07d}" if self else "the card key"

    @property
    def taps_left(self) -> str:
        """How often the limited-use key still signs."""
        return f"{self:d} taps left, and not too old" if self.other else "no limit"

    @property
    def forced_reason(self) -> str:
        """The reason that a simulation forces."""
        return Reason(self).code if self else "nothing forced"

    @property
    def token_state(self) -> str:
        """A token's state."""
        return TokenState(self).name.lower()

    @property
    def card_state(self) -> str:
        """A card's state."""
        return CardState(self).name.lower()

    @property
    def pin(self) -> str:
        """Whether one was entered."""
        return "a PIN" if self else "no PIN"

    @property
    def verification(self) -> str:
        """How the cardholder was verified."""
        return _VERIFIED.get(int(self), f"{self:d}")

    @property
    def required_verification(self) -> str:
        """What the program asks for."""
        return _VERIFICATION_WANTED[int(self)]

    @property
    def decision(self) -> str:
        """A decision by its number, 0 for none."""
        return to_text(Prefix.AUTHORIZATION, int(self)) if self else "none"

    @property
    def differing_field(self) -> str:
        """The first field that differs from the original's, or a negative number."""
        return "as in the original" if self < 0 else f"another {FIELD_NAMES[SharedField(self)]} than the original's"

    @property
    def equal_fields(self) -> str:
        """The fields that a kind of follow-up shares with its original."""
        names = [FIELD_NAMES[field] for field in SharedField if RULES[FollowUp(self)][field] is Rule.EQUAL]
        return "equal: " + ", ".join(names)

    @property
    def limited_amount(self) -> str:
        """An amount where the token has a limit of its own."""
        return self.billing if self.other else "the amount"

    @property
    def token_limit(self) -> str:
        """A token's own limit, 0 for none."""
        return f"at most {self.billing}" if self else "no limit of the token's own"

    @property
    def amount_within_limit(self) -> str:
        """An amount where the account has a limit."""
        return self.billing if self.other != NO_LIMIT else "the amount"

    @property
    def dues_missed(self) -> str:
        """How many dues may be missed."""
        return f"fewer than {int(self)} dues" if self else "any number of dues"

    @property
    def cash_limit(self) -> str:
        """How much cash an account may owe."""
        return f"at most {self.billing} in cash" if self != NO_LIMIT else "no limit for cash"

    @property
    def transaction_limit(self) -> str:
        """An account's limit for one transaction."""
        return f"at most {self.billing}" if self != NO_LIMIT else "no limit of the account's"
