"""What the customer sees of a payment."""

from dataclasses import dataclass

from authz.iso8583 import codec
from tokenvault.currencies import amount_text

_WIDTH = 32
_OUTCOMES = {"00": "APPROVED", "10": "PARTLY APPROVED", "85": "VERIFIED"}


@dataclass(frozen=True)
class Receipt:
    """One payment at a terminal. amount_minor: minor units of currency (ISO 4217 alphabetic)."""

    merchant: str
    terminal_id: str
    amount_minor: int
    currency: str
    token_last4: str
    local_time: str
    request: codec.Message
    answer: codec.Message

    @property
    def response_code(self) -> str:
        """DE 39."""
        return self.answer.get(39, "")

    @property
    def approved(self) -> bool:
        """Whether DE 39 is one of the approvals."""
        return self.response_code in _OUTCOMES

    @property
    def authorization_id(self) -> str | None:
        """DE 62: what to ask the network to explain; None where the message was not decided at all."""
        return self.answer.get(62)

    def text(self) -> str:
        """The receipt, 32 characters wide."""
        outcome = _OUTCOMES.get(self.response_code, f"DECLINED ({self.response_code})")
        rows = [
            ("CONTACTLESS", f"**** {self.token_last4}"),
            ("STAN", self.request[11]),
            ("REF", self.request[37]),
            ("AUTH", self.answer.get(38, "-")),
            ("TOTAL", amount_text(self.amount_minor, self.currency)),
        ]
        lines = [self.merchant.center(_WIDTH).rstrip(), f"{self.terminal_id}  {self.local_time}", "-" * _WIDTH]
        lines += [f"{name}{value:>{_WIDTH - len(name)}}" for name, value in rows]
        return "\n".join([*lines, "-" * _WIDTH, outcome.center(_WIDTH).rstrip()])
