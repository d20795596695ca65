"""``tapwright terminal``: one payment at a terminal, with a new phone or with a card on a PC/SC reader."""

import ssl
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console

from authz.iso8583.dialects.dialect_files import dialect_named
from authz.iso8583.dialects.fields import DialectError
from simulators.cli.flags.server_address import no_host, no_server
from simulators.parties.issuer_client import Issuer, IssuerRefused
from simulators.terminals.iso_link import LineDown, LinkError
from simulators.terminals.message_log import as_json_lines
from simulators.terminals.receipt import Receipt
from simulators.terminals.terminal import Terminal
from simulators.testkit.decision_table import show_decision
from simulators.testkit.kit import TestKit
from simulators.wallet.card.contactless_reader import ReadingFailed
from simulators.wallet.card.pcsc_reader import NoCard, PcscCard
from simulators.wallet.phone import WalletRefused


@dataclass(frozen=True)
class PaymentOptions:
    """The arguments of the verb. amount_minor: minor units.  pcsc: part of a reader's name; None for a new phone.

    acquirer: DE 32, None for that of the sandbox's merchants.  tls: None for a line in clear.
    """

    amount_minor: int
    currency: str
    url: str
    iso_address: tuple[str, int]
    dialect: str
    pcsc: str | None
    posts: bool
    picture: Path | None
    trace: Path | None
    acquirer: str | None
    tls: ssl.SSLContext | None


def run_payment(options: PaymentOptions) -> int:
    """Pay, and print the receipt and why; returns the exit code: 1 where it was not approved."""
    try:
        with TestKit(options.url, options.iso_address) as kit:
            watcher = kit.trace.watcher("terminal")
            terminal = kit.terminal(
                dialect=dialect_named(options.dialect), watcher=watcher, acquirer=options.acquirer, tls=options.tls
            )
            receipt = _paid(options, kit, terminal)
            _show(receipt, kit.issuer)
        if options.picture is not None:
            options.picture.write_text(receipt.picture())
        if options.trace is not None:
            options.trace.write_text(as_json_lines(kit.trace.messages))
    except ImportError:
        sys.stderr.write("tapwright: PC/SC requires the extra pcsc: pip install 'tapwright[pcsc]'\n")
        return 1
    except httpx.TransportError as error:
        sys.stderr.write(f"tapwright: {no_server(options.url, error)}\n")
        return 1
    except LineDown as error:
        sys.stderr.write(f"tapwright: {no_host(error)}\n")
        return 1
    except (
        DialectError, IssuerRefused, WalletRefused, LinkError, ReadingFailed, NoCard,
    ) as error:  # fmt: skip
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    return 0 if receipt.approved else 1


def _paid(options: PaymentOptions, kit: TestKit, terminal: Terminal) -> Receipt:
    pay = terminal.buy if options.posts else terminal.pay
    if options.pcsc is None:
        phone = kit.bare_phone()
        phone.provision(kit.card(kit.account(options.currency)))
        return pay(phone, options.amount_minor, options.currency)
    card = PcscCard(options.pcsc)
    try:
        return pay(card, options.amount_minor, options.currency)
    finally:
        card.close()


def _show(receipt: Receipt, issuer: Issuer) -> None:
    console = Console()
    console.print(receipt.text(), highlight=False, markup=False)
    if receipt.authorization_id is not None:
        show_decision(issuer.authorization(receipt.authorization_id), console)
