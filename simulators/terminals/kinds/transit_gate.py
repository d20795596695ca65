"""A transit gate: opens at once, requests authorization later, and keeps a deny list."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from authz.iso8583.encoding import codec
from simulators.terminals.kept_messages import kept, message_of
from simulators.terminals.receipt import APPROVED_OFFLINE, REFUSED_BY_TERMINAL, Receipt
from simulators.terminals.terminal import Capability, Merchant, Terminal
from simulators.wallet.card.contactless_reader import Card

LOCAL_TRANSPORT = "4111"
_UNATTENDED = "25"


@dataclass
class DenyList:
    """Tokens with unpaid fares, stored as digests of the token PAN."""

    _digests: set[str] = field(default_factory=set)

    def __contains__(self, track2: str) -> bool:
        return _digest(track2) in self._digests

    def __len__(self) -> int:
        return len(self._digests)

    def add(self, track2: str) -> None:
        """Do not let it through again."""
        self._digests.add(_digest(track2))

    def discard(self, track2: str) -> None:
        """It has paid."""
        self._digests.discard(_digest(track2))

    def described(self) -> list[str]:
        """The digests, as JSON values."""
        return sorted(self._digests)

    def put_back(self, described: Iterable[str]) -> None:
        """Be again as `described` told, for every gate that shares it."""
        self._digests = set(described)


def _digest(track2: str) -> str:
    return hashlib.sha256(track2.replace("D", "=").partition("=")[0].encode()).hexdigest()


class TransitGate(Terminal):
    """A transit gate. fare_minor: the fare of one ride.  deny_list: shared by all gates of an operator."""

    usual_merchant = Merchant(name="TAPWRIGHT METRO", identifier="METRO0000000001", category=LOCAL_TRANSPORT)
    usual_capability = Capability(terminal_type=_UNATTENDED)

    def __init__(
        self, address: tuple[str, int], *, fare_minor: int = 300, deny_list: DenyList | None = None, **options: Any
    ) -> None:
        super().__init__(address, **options)
        self.fare_minor = fare_minor
        self.deny_list = deny_list if deny_list is not None else DenyList()
        self.rides: list[codec.Message] = []
        """Rides that were not sent to the network yet."""

    def described(self) -> dict[str, Any]:
        """See `Terminal.described`."""
        rides = [kept(ride) for ride in self.rides]
        more = {"fare_minor": self.fare_minor, "deny_list": self.deny_list.described(), "rides": rides}
        return super().described() | more

    def put_back(self, described: Mapping[str, Any]) -> None:
        """See `Terminal.put_back`."""
        fare_minor, rides = int(described["fare_minor"]), [message_of(ride) for ride in described["rides"]]
        denied = list(described["deny_list"])
        super().put_back(described)
        self.fare_minor, self.rides[:] = fare_minor, rides
        self.deny_list.put_back(denied)

    def open(self, card: Card, currency: str = "EUR") -> Receipt:
        """Open the gate, unless the card is on the deny list. Raises: ReadingFailed."""
        transaction = self.start(self.fare_minor, currency)
        answer = self.read(card, transaction)
        request = self.authorization_request(transaction, answer, message_type="0200")
        if request[35] in self.deny_list:
            return self.receipt(request, {39: REFUSED_BY_TERMINAL}, detail="a fare is owed: see the service desk")
        self.rides.append(request)
        return self.receipt(request, {39: APPROVED_OFFLINE})

    def settle(self) -> list[Receipt]:
        """Ask for every ride that was not asked for yet (deferred authorization); who cannot pay is denied from now on.

        Raises: LinkError.
        """
        receipts = []
        while self.rides:
            receipt = self.send(self.rides[0])
            ride = self.rides.pop(0)
            (self.deny_list.discard if receipt.approved else self.deny_list.add)(ride[35])
            receipts.append(receipt)
        return receipts
