"""Ready-made authorization requests: signed taps of provisioned tokens, made before the clock starts."""

import time

from simulators.load.customers import customers
from simulators.load.taps import STANS
from simulators.wallet.phone import Phone

_AMOUNT_MINOR = 100


def make_traffic(address: tuple[str, int], phones: list[Phone], count: int) -> list[bytes]:
    """count framed requests of one major unit each, phones in turn, every one of which should be approved."""
    payers = list(customers(address, phones, merchants=1))
    transmitted = time.strftime("%m%d%H%M%S", time.gmtime()).encode()
    return [
        bytes(
            payer.tap(
                payer.templates[0],
                amount_minor=_AMOUNT_MINOR,
                stan=number % STANS,
                reference=number,
                transmitted=transmitted,
                number=number.to_bytes(4, "big"),
            )
        )
        for number, payer in ((number, payers[number % len(payers)]) for number in range(count))
    ]
