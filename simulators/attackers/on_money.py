"""Attacks on postings: fraudulent reversals and refunds."""

from dataclasses import replace

from simulators.attackers.attack import Attack
from simulators.terminals.terminal import Merchant


class ReversalFraud(Attack):
    """A dishonest acquirer reverses a payment whose goods were delivered: guessed, inflated or of another acquirer."""

    name = "reversal-fraud"
    refusals = frozenset({"missing_original_authorization", "original_amount_mismatch"})

    def prepare(self) -> None:
        """Pay at an honest merchant."""
        self.shop = self.scene.terminal()
        phone = self.scene.new_victim().phone
        self.paid = self.shop.pay(phone, 100_00)
        self.accomplice = self.scene.terminal(merchant=replace(Merchant(), acquirer="99900000666"))

    def attempt(self) -> str:
        """Take back a payment that one only guesses, or more than was paid, or from an acquirer that did not ask."""
        original = dict(self.paid.request)
        match self.random.choice(["guessed", "inflated", "another's"]):
            case "guessed":
                original[11] = f"{(int(original[11]) + self.random.randint(1, 999_000)) % 1_000_000:06d}"
                message = self.shop.messages.reversal(original)
            case "inflated":
                original[4] = f"{int(original[4]) + self.random.randint(1, 900_00):012d}"
                message = self.shop.messages.reversal(original)
            case _:
                message = self.accomplice.messages.reversal(original)
        return self.scene.reason_of(self.shop.send(message | {0: self.random.choice(["0400", "0420"])}))


class RefundWithoutPurchase(Attack):
    """A merchant's terminal that refunds without a purchase, or more than was paid."""

    name = "refund-without-purchase"
    refusals = frozenset({"missing_original_authorization", "exceeds_remainder"})

    def prepare(self) -> None:
        """Buy something, so that there is something to inflate."""
        self.terminal = self.scene.terminal()
        self.bought = self.terminal.buy(self.scene.new_victim().phone, 50_00)

    def attempt(self) -> str:
        """Refund it."""
        original = dict(self.bought.request)
        if self.random.random() < 0.5:
            original[11] = f"{(int(original[11]) + self.random.randint(1, 999_000)) % 1_000_000:06d}"
            amount = self.amount()
        else:
            amount = 50_00 + self.random.randint(1, 900_00)
        message = self.terminal.messages.refund(original, amount)
        if self.random.random() < 0.2:
            del message[90]
        return self.scene.reason_of(self.terminal.send(message))
