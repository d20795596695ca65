"""A merchant's QR code scanner and QR code sticker: both ways to pay by QR code."""

from simulators.terminals.receipt import Receipt
from simulators.terminals.terminal import Terminal, Transaction
from simulators.wallet.card.contactless_reader import CardAnswer
from simulators.wallet.phone import ScannedPayment
from simulators.wallet.qr import consumer_presented
from simulators.wallet.qr.merchant_presented import MerchantCode

QR_CODE = "031"


class QrScanner(Terminal):
    """Scans QR codes that phones show (EMVCo CPM), and shows codes that phones scan (MPM)."""

    method = "QR CODE"
    usual_entry_mode = QR_CODE

    def pay_by_code(self, code: str, amount_minor: int, currency: str = "EUR") -> Receipt:
        """Scan a phone's code and charge it. Raises: EmvError where it is no code; LinkError."""
        track2, pan_sequence_number, signed = consumer_presented.decode(code)
        # What the phone signed stands in DE 55 as it is; the amount is the terminal's, in DE 4.
        values = self.start(amount_minor, currency).values | consumer_presented.UNKNOWN_TO_THE_PHONE
        values["9F37"] = signed["9F37"]
        card = CardAnswer(track2, pan_sequence_number, signed)
        return self.authorize(Transaction(amount_minor, currency, values), card)

    def show_code(self, amount_minor: int | None = None, currency: str = "EUR", reference: str = "") -> str:
        """The merchant's code: for one sale, or without an amount for all. Raises: EmvError."""
        return MerchantCode.of(self.merchant, currency, amount_minor, reference).encode()

    def take(self, payment: ScannedPayment) -> Receipt:
        """Take what a phone sent after scanning. Raises: LinkError."""
        values = self.start(payment.amount_minor, payment.code.currency).values | payment.values
        transaction = Transaction(payment.amount_minor, payment.code.currency, values)
        return self.authorize(transaction, payment.answer)
