"""Guessing attacks: card numbers, expiry dates and PINs."""

from authz.iso8583.encoding import codec
from simulators.attackers.attack import Attack
from simulators.parties import sandbox_constants
from tokenvault.reference_data.currencies import CURRENCIES
from tokenvault.vocabulary.pan import luhn_check_digit

_TOKEN_DIGITS = sandbox_constants.PAN_DIGITS - len(sandbox_constants.TOKEN_BIN) - 1
_PIN = "7391"


class CardTesting(Attack):
    """Generated PANs in the token range, and a real one, with guessed expiry dates in e-commerce (card testing)."""

    name = "card-testing"
    refusals = frozenset({"token_not_found", "missing_cryptogram"})

    def prepare(self) -> None:
        """Know where numbers are to be found, and one of them."""
        self.terminal = self.scene.terminal()
        transaction = self.terminal.start(1)
        self.known = self.scene.new_victim().phone.tap(transaction.values).track2.pan

    def attempt(self) -> str:
        """A small purchase, or a verification of nothing."""
        pan = self.known if self.random.random() < 0.3 else self._made_up()
        expiry = f"{self.random.randint(26, 34):02d}{self.random.randint(1, 12):02d}"
        amount = self.random.choice([0, 1, 100, self.amount()])
        return self.scene.reason_of(self.terminal.send(self._message(pan, expiry, amount)))

    def _made_up(self) -> str:
        digits = "".join(self.random.choice("0123456789") for _ in range(_TOKEN_DIGITS))
        payload = sandbox_constants.TOKEN_BIN + digits
        return payload + luhn_check_digit(payload)

    def _message(self, pan: str, expiry: str, amount: int) -> codec.Message:
        fields = self.terminal.messages.plain("0100", amount, f"{CURRENCIES['EUR'].number:03d}")
        return {**fields, 2: pan, 14: expiry, 22: "102"}


class PinGuessing(Attack):
    """A stolen, unlocked phone at a cash machine: after three wrong PINs the PIN is locked."""

    name = "pin-guessing"
    refusals = frozenset({"pin_mismatch", "pin_tries_exceeded"})

    def prepare(self) -> None:
        """Steal a phone whose card has a PIN."""
        victim = self.scene.new_victim()
        self.scene.issuer.set_pin(victim.card_id, _PIN)
        self.phone = victim.phone
        self.machine = self.scene.terminal("atm")
        self.tries = 0

    def attempt(self) -> str:
        """Guess; after three the right PIN does not help either."""
        pin = f"{self.random.randint(0, 9999):04d}"
        self.tries += 1
        if pin == _PIN and self.tries <= 3:
            pin = "0000"
        elif self.tries > 3 and self.random.random() < 0.2:
            pin = _PIN
        return self.scene.reason_of(self.machine.withdraw(self.phone, self.random.randint(1, 40) * 500, pin))
