"""``tapwright phone --pcsc``: presents a phone with a token to a virtual PC/SC reader until Ctrl-C."""

import contextlib
import sys
from dataclasses import dataclass

import httpx

from simulators.cli.flags.server_address import no_server
from simulators.parties import sandbox_constants
from simulators.parties.issuer_client import Issuer, IssuerRefused
from simulators.wallet.card.device_kinds import DEVICE_KINDS
from simulators.wallet.card.payment_application import Flow
from simulators.wallet.card.virtual_reader import ReaderGone, VirtualReader
from simulators.wallet.phone import Phone, WalletRefused

_CREDIT_LIMIT = 2_500_00


@dataclass(frozen=True)
class PhoneOptions:
    """The arguments of the verb. card_id: None for a new card.  vpcd: where the virtual reader listens."""

    url: str
    card_id: str | None
    kind: str
    profile: str
    flow: str
    keys: str
    vpcd: tuple[str, int]


def run_phone(options: PhoneOptions) -> int:
    """Put a phone on the reader; returns the exit code."""
    try:
        phone = _provisioned(options)
        reader = VirtualReader(*options.vpcd)
    except httpx.TransportError as error:
        sys.stderr.write(f"tapwright: {no_server(options.url, error)}\n")
        return 1
    except (IssuerRefused, WalletRefused, ReaderGone) as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    sys.stdout.write(f"{options.kind} with token {phone.token_id} is on the reader; press Ctrl-C to remove it\n")
    sys.stdout.flush()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            reader.serve(phone)
    except ReaderGone as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    finally:
        reader.close()
        phone.close()
    return 0


def _provisioned(options: PhoneOptions) -> Phone:
    card_id = options.card_id
    if card_id is None:
        with Issuer(options.url, sandbox_constants.SANDBOX_API_KEY) as issuer:
            card_id = issuer.issue_card(issuer.open_account("EUR", _CREDIT_LIMIT)["id"])["id"]
    phone = Phone(options.url, name=options.kind, traits=DEVICE_KINDS[options.kind], flow=Flow(options.flow))
    phone.provision(card_id, profile=options.profile, keys=options.keys)
    return phone
