"""The test kit: one object with access to a whole network, for tests and for exploration.

with scratch_sandbox() as sandbox, TestKit(sandbox.http_url, sandbox.iso_address) as kit:
    receipt = kit.terminal().pay(kit.phone(), 1250)
    assert kit.reason_of(receipt) == "approved"
"""

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, Self

from simulators.compatibility.earlier_names import earlier_attribute
from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer
from simulators.terminals.kinds.making import made_terminal
from simulators.terminals.message_log import Trace
from simulators.terminals.receipt import Receipt
from simulators.terminals.terminal import Terminal
from simulators.testkit.decision_table import check_lines
from simulators.testkit.saved_network import SavedNetwork
from simulators.testkit.server_clock import ServerClock
from simulators.wallet.card.device_kinds import DEVICE_KINDS
from simulators.wallet.phone import Phone
from simulators.wallet.token_wishes import ALL_CHANNELS

_CREDIT_LIMIT = 2_500_00
_DECISIONS_SHOWN = 3
_EARLIER = {"Bench": "simulators.testkit.kit.TestKit"}


def __getattr__(name: str) -> object:
    """The test kit was named `Bench` until version 0.1."""
    return earlier_attribute(__name__, name, _EARLIER)


class TestKit:
    """A network and its clock, with methods that create accounts, cards, phones and terminals. A context manager.

    wall_clock: real time, as the server has it, Unix seconds.
    """

    __test__ = False
    """pytest takes classes with such a name for tests."""

    def __init__(
        self, http_url: str, iso_address: tuple[str, int], wall_clock: Callable[[], float] = time.time
    ) -> None:
        self.http_url = http_url
        self.iso_address = iso_address
        self.issuer = Issuer(http_url, sandbox_constants.SANDBOX_API_KEY)
        self.clock = ServerClock(self.issuer, wall_clock)
        self.trace = Trace()
        """Every message on the connections of its terminals."""
        self.own_phones: list[Phone] = []
        self.own_terminals: list[Terminal] = []
        """What it has made and not closed again."""
        self._open = ExitStack()
        self._open.callback(self.issuer.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self.keep_only((), ())
        self._open.close()

    def save(self, name: str | None = None) -> SavedNetwork:
        """Save the network as it is now, with the phones and terminals of this kit; it puts them back.

        name: of the snapshot on the server; one of its own if left out.  Raises: IssuerRefused.
        """
        return SavedNetwork(self, name or f"test-kit-{secrets.token_hex(8)}")

    def keep_only(self, phones: Sequence[Phone], terminals: Sequence[Terminal]) -> None:
        """Close all other phones and terminals that it has made."""
        for phone in self.own_phones:
            if phone not in phones:
                phone.close()
        for terminal in self.own_terminals:
            if terminal not in terminals:
                terminal.close()
        self.own_phones[:], self.own_terminals[:] = phones, terminals

    def account(
        self,
        currency: str = "EUR",
        credit_limit: int = _CREDIT_LIMIT,
        transaction_limit: int | None = None,
        *,
        product: int | None = None,
        cut_day: int | None = None,
        segment: int | None = None,
        life_stage: int | None = None,
    ) -> str:
        """Open an account; returns its identifier. Amounts in minor units.

        product: its number in the program, None for none.  cut_day: the day of the month of its cuts, 1 where None.
        segment: the one that it is pinned to, None for none.  life_stage: of its customer, None where it is not known.
        """
        limits = credit_limit, transaction_limit
        opened = self.issuer.open_account(
            currency, *limits, product=product, cut_day=cut_day, segment=segment, life_stage=life_stage
        )
        return str(opened["id"])

    def card(
        self,
        account: str | None = None,
        pin: str | None = None,
        *,
        text_message: str | None = None,
        e_mail: str | None = None,
    ) -> str:
        """Issue a card, on a new account unless one is given; returns its identifier.

        text_message, e_mail: where one-time codes go.
        """
        contacts = {"text_message": text_message, "e_mail": e_mail}
        given = {method: contact for method, contact in contacts.items() if contact is not None}
        card = str(self.issuer.issue_card(account or self.account(), **given)["id"])
        if pin is not None:
            self.issuer.set_pin(card, pin)
        return card

    def phone(
        self,
        card: str | None = None,
        *,
        kind: str = "phone",
        flow: Any = "quick",
        profile: str = "aes",
        keys: str = "secure_element",
        channels: Sequence[str] = ALL_CHANNELS,
        countries: Sequence[str] = (),
        token_limit: int | None = None,
        ready: bool = True,
        **token: Any,
    ) -> Phone:
        """A phone with an active token for every channel, for a new card unless one is given.

        kind: phone, watch, band or car.  flow: quick or generate_ac.  profile, keys, channels, countries, token_limit:
        see `token_wish`.  ready: whether it has its token.  token: fields of the request, by the API's names.
        """
        phone = self.bare_phone(kind=kind, flow=flow)
        if ready:
            wish = {"profile": profile, "keys": keys, "channels": channels, "countries": countries}
            phone.provision(card or self.card(), **wish, token_limit=token_limit, **token)
        return phone

    def bare_phone(self, *, kind: str = "phone", flow: Any = "quick", **options: Any) -> Phone:
        """A phone without a token. options: of `Phone`."""
        usual: dict[str, Any] = {"name": kind, "clock": self.clock.wall_clock}
        phone = Phone(self.http_url, traits=DEVICE_KINDS[kind], flow=flow, **usual | options)
        self.own_phones.append(phone)
        return phone

    def terminal(self, kind: str = "pos", **options: Any) -> Any:
        """A terminal: pos, qr, online, atm, fuel, hotel, restaurant, transit or vending.

        options: the words of `simulators.terminals.kinds.making`, and parameters of its class.
        """
        watched: dict[str, Any] = {"clock": self.clock, "watcher": self.trace.watcher(kind)}
        terminal = made_terminal(kind, self.iso_address, watched | options)
        self.own_terminals.append(terminal)
        return terminal

    def balance(self, account: str) -> dict[str, Any]:
        """Credit limit, posted, held and available amounts, minor units."""
        return self.issuer.balance(account)

    def decision(self, receipt: Receipt) -> dict[str, Any]:
        """The network's explanation of a payment. Raises: LookupError if the network did not decide it."""
        if receipt.authorization_id is None:
            raise LookupError(f"the network did not decide this: {receipt.response_code} {receipt.detail}")
        return self.issuer.authorization(receipt.authorization_id)

    def reason_of(self, receipt: Receipt) -> str:
        """The reason of a payment's decision."""
        return str(self.decision(receipt)["reason"])

    def told(self) -> list[tuple[str, str]]:
        """Diagnostics of a failed test: titles and texts of the last decisions and all messages."""
        sections = []
        answers = [each.message for each in self.trace.messages if each.direction == "received" and 62 in each.message]
        for answer in answers[-_DECISIONS_SHOWN:]:
            decision = self.issuer.authorization(answer[62])
            sections.append((f"{decision['id']} {decision['reason']}", "\n".join(check_lines(decision))))
        if self.trace.messages:
            sections.append(("messages", "\n".join(message.line() for message in self.trace.messages)))
        return sections
