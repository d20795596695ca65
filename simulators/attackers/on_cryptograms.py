"""Attacks on cryptograms: cloning, replay, alteration, and expired keys."""

from dataclasses import replace

from simulators.attackers.attack import Attack
from simulators.attackers.cards import ClonedPhone, PreplayedCard, RelayedCard
from simulators.terminals.kinds.online_shop import REMOTE_CHIP
from simulators.terminals.kinds.qr_scanner import QR_CODE
from simulators.terminals.terminal import Capability
from simulators.wallet.card.contactless_reader import ReadingFailed

_DAY = 24 * 3600
_PUMPED_TAPS = 1_001
_HARVEST = 20
_TAPS_SINCE = 64


class ClonedToken(Attack):
    """A token PAN used on another device, which does not have the card key."""

    name = "cloned-token"
    refusals = frozenset({"invalid_cryptogram"})

    def prepare(self) -> None:
        """Overhear one tap."""
        self.terminal = self.scene.terminal()
        victim = self.scene.new_victim()
        self.overheard = victim.phone.tap(self.terminal.start(self.amount()).values)

    def attempt(self) -> str:
        """Pay with a made-up key."""
        clone = ClonedPhone(self.overheard, self.random.randbytes(16))
        for _ in range(self.random.randint(0, 5)):
            clone.sign(self.terminal.start(1).values)
        return self.scene.reason_of(self.terminal.pay(clone, self.amount()))


class ReplayedCryptogram(Attack):
    """The cryptogram of an earlier payment, sent again as a new payment."""

    name = "replayed-cryptogram"
    refusals = frozenset({"replayed_cryptogram"})

    def prepare(self) -> None:
        """Record a payment."""
        self.terminal = self.scene.terminal()
        self.transaction = self.terminal.start(self.amount())
        self.tap = self.scene.new_victim().phone.tap(self.transaction.values)
        self.terminal.authorize(self.transaction, self.tap)

    def attempt(self) -> str:
        """Send it from a terminal of one's own, as a purchase on hold or one that is posted."""
        self.terminal.terminal_id = self.terminal.messages.terminal_id = f"EVIL{self.random.randint(0, 9999):04d}"
        message_type = self.random.choice(["0100", "0200"])
        return self.scene.reason_of(self.terminal.authorize(self.transaction, self.tap, message_type=message_type))


class PreplayedNumber(Attack):
    """Cryptograms collected from a phone in advance, for guessed unpredictable numbers (pre-play)."""

    name = "pre-played-number"
    refusals = frozenset({"invalid_cryptogram"})

    def prepare(self) -> None:
        """Have access to the phone, and a terminal to pay at later."""
        self.terminal = self.scene.terminal()
        self.phone = self.scene.new_victim().phone

    def attempt(self) -> str:
        """Harvest for a guess, then pay at a terminal that chose another number."""
        amount = self.amount()
        guess = self.terminal.start(amount).values | {"9F37": self.random.randbytes(4)}
        return self.scene.reason_of(self.terminal.pay(PreplayedCard(self.phone.tap(guess)), amount))


class CounterJump(Attack):
    """A phone that was made to sign many times, so that its transaction counter is far ahead."""

    name = "counter-jump"
    refusals = frozenset({"transaction_counter_jump"})

    def prepare(self) -> None:
        """Pump the phone: taps that never reach the network."""
        self.terminal = self.scene.terminal()
        self.phone = self.scene.new_victim().phone
        values = self.terminal.start(1).values
        for _ in range(_PUMPED_TAPS):
            self.phone.tap(values)

    def attempt(self) -> str:
        """Pay far ahead of the last counter that the network has seen."""
        for _ in range(self.random.randint(0, 3)):
            self.phone.tap(self.terminal.start(1).values)
        return self.scene.reason_of(self.terminal.pay(self.phone, self.amount()))


class CounterRollback(Attack):
    """Old cryptograms that were recorded and withheld."""

    name = "counter-rollback"
    refusals = frozenset({"replayed_cryptogram"})

    def prepare(self) -> None:
        """Harvest; then the phone's owner pays as ever."""
        self.terminal = self.scene.terminal()
        phone = self.scene.new_victim().phone
        self.harvest = []
        for _ in range(_HARVEST):
            transaction = self.terminal.start(self.amount())
            self.harvest.append((transaction, phone.tap(transaction.values)))
        for _ in range(_TAPS_SINCE):
            self.terminal.pay(phone, self.amount())

    def attempt(self) -> str:
        """Send one of them."""
        return self.scene.reason_of(self.terminal.authorize(*self.random.choice(self.harvest)))


class ChangedAmount(Attack):
    """An amount or currency that is changed after the phone has signed, in the message or in the chip data too."""

    name = "changed-amount"
    refusals = frozenset({"cryptogram_data_mismatch", "invalid_cryptogram"})

    def prepare(self) -> None:
        """Own the terminal."""
        self.terminal = self.scene.terminal()
        self.phone = self.scene.new_victim().phone

    def attempt(self) -> str:
        """Show one amount, charge another."""
        shown = self.terminal.start(self.amount())
        tap = self.phone.tap(shown.values)
        if self.random.random() < 0.3:
            charged = self.terminal.start(shown.amount_minor, self.random.choice(["USD", "GBP", "CHF", "JPY"]))
        else:
            charged = self.terminal.start(shown.amount_minor + self.random.randint(1, 900_00))
        values = shown.values
        if self.random.random() < 0.5:
            values = {**values, "9F02": charged.values["9F02"], "5F2A": charged.values["5F2A"]}
        return self.scene.reason_of(self.terminal.authorize(replace(charged, values=values), tap))


class SwitchedChannel(Attack):
    """A contactless cryptogram that is sent as an e-commerce or QR code payment."""

    name = "switched-channel"
    refusals = frozenset({"wrong_entry_mode", "channel_not_allowed"})

    def prepare(self) -> None:
        """Two phones: one may pay everywhere, one by tapping only."""
        self.terminal = self.scene.terminal()
        self.phones = [
            self.scene.new_victim().phone,
            self.scene.new_victim(domain={"channels": ["contactless"]}).phone,
        ]

    def attempt(self) -> str:
        """Tap, and claim something else."""
        phone, transaction = self.random.choice(self.phones), self.terminal.start(self.amount())
        claimed = self.random.choice([REMOTE_CHIP, "101", QR_CODE, "012", "901"])
        if claimed == "901":
            phone = self.phones[1]  # a magnetic stripe is in no domain
        tap = phone.tap(transaction.values)
        return self.scene.reason_of(self.terminal.authorize(transaction, tap, entry_mode=claimed))


class ExpiredKey(Attack):
    """A limited-use key that is extracted from a phone's memory and used after its expiry."""

    name = "expired-key"
    refusals = frozenset({"limited_use_key_expired"})

    def prepare(self) -> None:
        """Steal the key, and wait for too long."""
        self.terminal = self.scene.terminal()
        self.phone = self.scene.new_victim(location="host_card_emulation").phone
        self.phone.is_tampered = True
        self.scene.clock.advance(_DAY + 1)

    def attempt(self) -> str:
        """Pay with it."""
        return self.scene.reason_of(self.terminal.pay(self.phone, self.amount()))


class Relay(Attack):
    """A victim's phone relayed to a remote terminal, which only the response time reveals."""

    name = "relay"
    refusals = frozenset({"relay_suspected"})

    _LIMIT_SECONDS = 0.010

    def prepare(self) -> None:
        """A terminal that measures, and a stopwatch that the relay's delay moves on."""
        self.seconds = 0.0
        capability = Capability(relay_seconds_max=self._LIMIT_SECONDS)
        self.terminal = self.scene.terminal(capability=capability, stopwatch=lambda: self.seconds)
        self.phone = self.scene.new_victim().phone

    def attempt(self) -> str:
        """Pay through the relay."""
        card = RelayedCard(self.phone, self.random.uniform(0.0101, 0.2), self._let_pass)
        try:
            return self.scene.reason_of(self.terminal.pay(card, self.amount()))
        except ReadingFailed as failure:
            self.phone.leave_field()
            return failure.reason

    def _let_pass(self, seconds: float) -> None:
        self.seconds += seconds


class DeactivatedToken(Attack):
    """A lost phone whose token has been deactivated."""

    name = "deactivated-token"
    refusals = frozenset({"token_deactivated"})

    def prepare(self) -> None:
        """Find a phone whose owner has deleted its token from elsewhere."""
        self.terminal = self.scene.terminal()
        victim = self.scene.new_victim()
        self.phone = victim.phone
        self.scene.issuer.call("POST", f"/v1/tokens/{self.phone.token_id}/deactivate", {"initiator": "issuer"})

    def attempt(self) -> str:
        """Pay with it."""
        return self.scene.reason_of(self.terminal.pay(self.phone, self.amount()))
