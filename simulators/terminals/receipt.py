"""The customer's receipt of a payment."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from authz.iso8583.encoding import codec
from simulators.terminals.kept_messages import kept, message_of
from simulators.terminals.receipt_picture import receipt_picture
from tokenvault.reference_data.currencies import amount_text

_WIDTH = 32

APPROVED_OFFLINE, UNABLE_TO_GO_ONLINE, REFUSED_BY_TERMINAL = "Y3", "Z3", "Z1"
"""In place of DE 39 where the terminal decided: its authorization response codes (EMV Book 4, 6.2.5)."""

_OUTCOMES = {
    "00": "APPROVED",
    "10": "PARTLY APPROVED",
    "85": "VERIFIED",
    APPROVED_OFFLINE: "APPROVED OFFLINE",
    UNABLE_TO_GO_ONLINE: "NO ANSWER - NOT CHARGED",
    REFUSED_BY_TERMINAL: "NOT ACCEPTED",
}
_REASONS = {
    APPROVED_OFFLINE: "approved_offline",
    UNABLE_TO_GO_ONLINE: "no_answer",
    REFUSED_BY_TERMINAL: "refused_by_terminal",
}
_APPROVALS = ("00", "10", "85", APPROVED_OFFLINE)
_TITLES = {
    "0100": "PURCHASE", "0120": "ADVICE", "0200": "PURCHASE", "0220": "COMPLETION", "0400": "REVERSAL",
    "0420": "REVERSAL",
}  # fmt: skip
_OPERATIONS = {"01": "CASH", "09": "PURCHASE + CASH", "20": "REFUND", "31": "BALANCE"}


@dataclass(frozen=True)
class Receipt:
    """One message about a payment. amount_minor: minor units of currency (ISO 4217 alphabetic).

    request, answer: the messages; an answer of DE 39 alone is the terminal's own.  method: how it was paid.
    detail: why the terminal refused, where it did.
    """

    merchant: str
    terminal_id: str
    amount_minor: int
    currency: str
    token_last4: str
    local_time: str
    request: codec.Message
    answer: codec.Message
    method: str = "CONTACTLESS"
    detail: str = ""

    def described(self) -> dict[str, Any]:
        """It as JSON values. PIN blocks are left out."""
        return vars(self) | {"request": kept(self.request), "answer": kept(self.answer)}

    @classmethod
    def of(cls, described: Mapping[str, Any]) -> Self:
        """The receipt that `described` told. Raises: ValueError, TypeError, AttributeError or LookupError for another
        description.
        """
        messages = {name: message_of(described[name]) for name in ("request", "answer")}
        return cls(**{**described, **messages})

    @property
    def response_code(self) -> str:
        """DE 39, or the terminal's own code."""
        return self.answer.get(39, "")

    @property
    def approved(self) -> bool:
        """Whether it was approved, by the network or offline by the terminal."""
        return self.response_code in _APPROVALS

    @property
    def approved_minor(self) -> int:
        """The approved amount, which is less than the amount after a partial approval."""
        if not self.approved:
            return 0
        return int(self.answer[4]) if self.response_code == "10" else self.amount_minor

    @property
    def authorization_id(self) -> str | None:
        """DE 62, the identifier of the decision; None if the message was not decided."""
        return self.answer.get(62)

    @property
    def reason_undecided(self) -> str:
        """The reason where no decision of the network gives one: what the terminal decided, else the bare DE 39."""
        return _REASONS.get(self.response_code, f"response_code_{self.response_code}")

    @property
    def title(self) -> str:
        """The type of the receipt."""
        operation = _OPERATIONS.get(self.request.get(3, "")[:2])
        title = _TITLES.get(self.request.get(0, "")[:3] + "0", "PAYMENT")
        return operation if operation is not None and title == "PURCHASE" else title

    def text(self) -> str:
        """The receipt as text, 32 characters wide."""
        outcome = _OUTCOMES.get(self.response_code, f"DECLINED ({self.response_code})")
        rows = [
            (self.method, f"**** {self.token_last4}"),
            ("STAN", self.request.get(11, "-")),
            ("REF", self.request.get(37, "-")),
            ("AUTH", self.answer.get(38, "-")),
            (self.title, amount_text(self.amount_minor, self.currency)),
        ]
        if self.response_code == "10":
            rows.append(("APPROVED", amount_text(self.approved_minor, self.currency)))
        lines = [self.merchant.center(_WIDTH).rstrip(), f"{self.terminal_id}  {self.local_time}", "-" * _WIDTH]
        lines += [f"{name}{value:>{_WIDTH - len(name)}}" for name, value in rows]
        lines += ["-" * _WIDTH, outcome.center(_WIDTH).rstrip()]
        return "\n".join(lines + textwrap.wrap(self.detail, _WIDTH))

    def picture(self) -> str:
        """The receipt as a picture on paper (SVG)."""
        lines = self.text().split("\n")
        outcome = max(number for number, line in enumerate(lines) if set(line) == {"-"}) + 1
        return receipt_picture(lines, _WIDTH, bold=frozenset({0, *range(outcome, len(lines))}))
