"""A small issuer's host: holds funding cards and their available amounts, and answers ISO 8583.

It stands for the issuers that a switch routes to beside Tapwright's own engine: no limits, no rules, plain money.
"""

from dataclasses import dataclass, field

from authz.iso8583.encoding import codec
from authz.iso8583.message_types import answer_type
from simulators.terminals.messages import card_number

_ANSWERED = (3, 4, 7, 11, 12, 13, 32, 37, 41, 42, 49)
APPROVED, NO_SUCH_CARD, NOT_SUFFICIENT, UNABLE_TO_LOCATE = "00", "14", "51", "25"


@dataclass
class IssuerHost:
    """available: by funding PAN, minor units of one currency."""

    name: str
    available: dict[str, int] = field(repr=False)
    heard: list[codec.Message] = field(default_factory=list, repr=False)
    """Every message that it took, the number of the card left out."""
    _amounts: dict[tuple[str, ...], int] = field(default_factory=dict, repr=False)

    def answer(self, message: codec.Message) -> codec.Message:
        """Decide on one message, once for each: a repeat changes nothing."""
        self.heard.append({number: value for number, value in message.items() if number not in (2, 35)})
        answer = {0: answer_type(message[0]), **{n: message[n] for n in _ANSWERED if n in message}}
        answer[39] = self._decided(message)
        if answer[39] == APPROVED:
            answer[38] = message[11]
        return answer

    def _decided(self, message: codec.Message) -> str:
        pan, kind = card_number(message), message[0][1:3]
        if pan not in self.available:
            return NO_SUCH_CARD
        if kind[0] == "4":
            return self._reversed(pan, message)
        identity = (pan, message[0][1], message[11], message[7], message[32])
        if identity in self._amounts:
            return APPROVED
        amount = int(message[4])
        if kind[1] == "0" and amount > self.available[pan]:
            return NOT_SUFFICIENT
        self._amounts[identity] = amount
        self.available[pan] -= amount
        return APPROVED

    def _reversed(self, pan: str, message: codec.Message) -> str:
        original = message[90]
        identity = (pan, original[1], original[4:10], original[10:20], original[20:31].lstrip("0"))
        if identity not in self._amounts:
            return UNABLE_TO_LOCATE
        self.available[pan] += self._amounts[identity]
        self._amounts[identity] = 0
        return APPROVED
