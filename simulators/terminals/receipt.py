"""What the customer sees of a payment."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

from authz.iso8583 import codec
from tokenvault.currencies import amount_text

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
_APPROVALS = ("00", "10", "85", APPROVED_OFFLINE)
_TITLES = {
    "0100": "PURCHASE", "0120": "ADVICE", "0200": "PURCHASE", "0220": "COMPLETION", "0400": "REVERSAL",
    "0420": "REVERSAL",
}  # fmt: skip
_OPERATIONS = {"01": "CASH", "09": "PURCHASE + CASH", "20": "REFUND", "31": "BALANCE"}
_LINE_HEIGHT, _CHARACTER_WIDTH, _MARGIN = 18, 8.4, 16


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
        """How much was approved: less than the amount where a part was."""
        if not self.approved:
            return 0
        return int(self.answer[4]) if self.response_code == "10" else self.amount_minor

    @property
    def authorization_id(self) -> str | None:
        """DE 62: what to ask the network to explain; None where the message was not decided at all."""
        return self.answer.get(62)

    @property
    def title(self) -> str:
        """What kind of receipt it is."""
        operation = _OPERATIONS.get(self.request.get(3, "")[:2])
        title = _TITLES.get(self.request.get(0, "")[:3] + "0", "PAYMENT")
        return operation if operation is not None and title == "PURCHASE" else title

    def text(self) -> str:
        """The receipt, 32 characters wide."""
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
        return "\n".join(lines + ([self.detail] if self.detail else []))

    def picture(self) -> str:
        """The receipt as a picture on paper (SVG)."""
        lines = self.text().split("\n")
        width = round(_WIDTH * _CHARACTER_WIDTH + 2 * _MARGIN)
        height = len(lines) * _LINE_HEIGHT + 2 * _MARGIN
        teeth = "".join(f"L{x + 4} {height + 6}L{x + 8} {height}" for x in range(0, width, 8))
        texts = "".join(
            f'<text x="{_MARGIN}" y="{_MARGIN + (number + 0.75) * _LINE_HEIGHT:.0f}"'
            f"{_weight(number, len(lines))}>{escape(line)}</text>"
            for number, line in enumerate(lines)
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height + 8}" '
            f'viewBox="0 0 {width} {height + 8}" role="img" aria-label="receipt">'
            f'<path d="M0 0H{width}V{height}L0 {height}{teeth}" fill="#fffdf7" stroke="#d8d2c2"/>'
            f'<g font-family="ui-monospace,Menlo,Consolas,monospace" font-size="14" fill="#222" xml:space="preserve">'
            f"{texts}</g></svg>"
        )


def _weight(number: int, lines: int) -> str:
    return ' font-weight="bold"' if number == 0 or number >= lines - 1 else ""
