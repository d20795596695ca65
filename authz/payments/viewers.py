"""Who sees which payments, and how much of them.

An issuer sees all of what its accounts pay. A network sees every decision, but nothing of the funding side. A wallet
sees what its own tokens pay, as its cardholder may see it. Who is more than one of these sees the most of each payment.
"""

from dataclasses import dataclass
from enum import IntEnum


class View(IntEnum):
    """How much of a payment is shown; the greater, the more."""

    NOTHING = 0
    CARDHOLDER = 1
    MERCHANT = 2
    ISSUER = 3


@dataclass(frozen=True)
class Viewer:
    """Somebody who sees payments. everything: the operator.  network: every decision.

    issuer, wallet: the tenant whose accounts, or whose tokens, it sees; None for none.
    """

    everything: bool = False
    network: bool = False
    issuer: str | None = None
    wallet: str | None = None

    def view_of(self, issuer: str | None, wallet: str | None, *, is_decision: bool) -> View:
        """How much is seen of what an issuer's account pays by a wallet's token; None where there is no such tenant.

        is_decision: whether it is a decision, with a merchant's side, or a change of an account.
        """
        if self.everything or (self.issuer is not None and self.issuer == issuer):
            return View.ISSUER
        if self.network and is_decision:
            return View.MERCHANT
        if self.wallet is not None and self.wallet == wallet:
            return View.CARDHOLDER
        return View.NOTHING
