"""Fake cards that attackers present to terminals in place of a victim's phone."""

import os
import time
from collections.abc import Callable, Mapping

from simulators.wallet.card.contactless_reader import Card, CardAnswer
from simulators.wallet.card.payment_application import Flow, PaymentApplication, Personalization
from tokenvault.emv.cryptograms.cryptogram_versions import TOKEN_CRYPTOGRAM_VERSIONS

_SIGNED = ("9F10", "9F26", "9F27", "9F36", "9F6C")


class PreplayedCard:
    """Gives one answer that was got from a phone before, whatever the terminal's unpredictable number is."""

    def __init__(self, harvested: CardAnswer) -> None:
        self._harvested = harvested
        self._application = PaymentApplication(self, Flow.QUICK, os.urandom)

    def transmit(self, encoded: bytes) -> bytes:
        """Answer one APDU."""
        return self._application.transmit(encoded)

    def personalization(self) -> Personalization:
        """What the phone sent about itself."""
        values, track2 = self._harvested.values, self._harvested.track2
        return Personalization(
            values["84"],
            values["82"],
            track2.encode(),
            self._harvested.pan_sequence_number,
            track2.expiry,
            values.get("9F6E", bytes(4)),
        )

    def transaction_counter(self) -> int:
        """The counter of the answer."""
        return int.from_bytes(self._harvested.values["9F36"], "big")

    def sign(self, _terminal_values: Mapping[str, bytes]) -> dict[str, bytes]:
        """The same again."""
        return {tag: self._harvested.values[tag] for tag in _SIGNED if tag in self._harvested.values}


class ClonedPhone(PreplayedCard):
    """Another device that pretends to be a phone whose tap it overheard.

    It has the number, the expiry and the issuer application data, and counts on where the phone left off. It lacks the
    one thing that never left the secure element, so it signs with a key of its own.
    """

    def __init__(self, overheard: CardAnswer, made_up_key: bytes) -> None:
        super().__init__(overheard)
        self._key = made_up_key
        self._counter = super().transaction_counter()

    def transaction_counter(self) -> int:
        """Where it has counted to."""
        return self._counter

    def sign(self, terminal_values: Mapping[str, bytes]) -> dict[str, bytes]:
        """A cryptogram that looks right."""
        self._counter += 1
        values = super().sign(terminal_values) | {"9F36": self._counter.to_bytes(2, "big")}
        version = TOKEN_CRYPTOGRAM_VERSIONS[values["9F10"][2]]
        covered = {**terminal_values, **values, "82": self._harvested.values["82"]}
        values["9F26"] = version.arqc(self._key, covered)
        return values


class RelayedCard:
    """A phone far away, reached through two radios: every answer is right, and late. delay: seconds, both ways."""

    def __init__(self, phone: Card, delay: float, wait: Callable[[float], None] = time.sleep) -> None:
        self._phone = phone
        self._delay = delay
        self._wait = wait

    def transmit(self, encoded: bytes) -> bytes:
        """Hand one APDU on."""
        self._wait(self._delay)
        return self._phone.transmit(encoded)
