"""A short life of a network that tells what it was promised, and a second life that holds the network to it."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from authz.journal.data_directory import JOURNAL, checkpoints_in
from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal, SegmentReader
from authz.upkeep.checkpointing import Retention, make_checkpoint
from authz.vocabulary.errors import EngineError
from simulators.parties.issuer_client import Issuer, IssuerRefused
from simulators.process.background_loop import BackgroundLoop
from simulators.process.start_error import StartError
from simulators.sandbox.settings.loading import scratch_settings
from simulators.sandbox.wiring import Sandbox
from simulators.terminals.iso_link import LineDown
from simulators.terminals.terminal import Capability, Terminal
from simulators.wallet.phone import Phone, WalletRefused
from tests.forking import Tell
from tokenvault.storage.database import DatabaseUnavailable
from tokenvault.vocabulary.errors import KeyUnavailable

TAP_MINOR, TAPS = 1_250, 4
_PATIENCE = Capability(timeout_seconds=5.0)
_CANNOT_GO_ON = (StartError, EngineError, DatabaseUnavailable, KeyUnavailable, OSError)
_SEGMENT_BYTES = 1_000
"""So that the life fills some, and there is something to make a checkpoint of."""

Promise = Sequence[Any]
"""What a client was told, and about what."""


def live(directory: Path, tell: Tell) -> None:
    """Start, open an account, provision a phone, tap, complete, freeze; tells every promise when it is made.

    Whatever goes wrong with the disk ends a step, or the life; it is not an error.
    """
    with suppress(*_CANNOT_GO_ON), _network(directory) as (sandbox, ended):
        tell(("started", None))
        threading.Thread(target=_clients, args=(sandbox, tell, ended), daemon=True).start()
        ended.wait()
    with suppress(*_CANNOT_GO_ON):
        make_checkpoint(SegmentReader(Directory(directory / JOURNAL)), checkpoints_in(directory), Retention())


def _clients(sandbox: Sandbox, tell: Tell, ended: threading.Event) -> None:
    """All that clients do until something fails."""
    try:
        _open_tap_and_freeze(sandbox, tell)
    except (IssuerRefused, WalletRefused, LineDown, httpx.HTTPError, OSError) as error:
        tell(("refused", str(error)))
    finally:
        ended.set()


def _open_tap_and_freeze(sandbox: Sandbox, tell: Tell) -> None:
    with Issuer(sandbox.http_url) as issuer:
        account = issuer.open_account("EUR", 100_000)["id"]
        tell(("account", account))
        card = issuer.issue_card(account)["id"]
        tell(("card", card))
        phone = Phone(sandbox.http_url)
        phone.provision(card)
        tell(("token", phone.token_id))
        terminal = Terminal(sandbox.iso_address, capability=_PATIENCE)
        for _ in range(TAPS):
            tell(("tapped", account))
            receipt = terminal.pay(phone, TAP_MINOR)
            if receipt.approved:
                tell(("approved", receipt.answer[62]))
        issuer.set_frozen(card, True)
        issuer.set_frozen(card, False)
        tell(("unfrozen", card))
        phone.close()
        terminal.close()


def keeps_its_promises(directory: Path, promises: list[Promise]) -> list[str]:
    """Start again with room on the disk; what was promised and is not so, and what no longer works."""
    try:
        with _network(directory) as (sandbox, _):
            return list(_broken(sandbox, promises))
    except _CANNOT_GO_ON as error:
        return [f"it does not start again: {error}"]


def _broken(sandbox: Sandbox, promises: list[Promise]) -> Iterator[str]:
    told = {what: [about for said, about in promises if said == what] for what, _ in promises}
    with Issuer(sandbox.http_url) as issuer:
        for account in told.get("account", []):
            held = issuer.balance(account)["held"]
            approved, tapped = len(told.get("approved", [])), len(told.get("tapped", []))
            if held % TAP_MINOR or not approved <= held // TAP_MINOR <= tapped:
                yield f"{held} held, after {approved} approvals of {tapped} taps"
        for authorization in told.get("approved", []):
            try:
                is_approved = issuer.authorization(authorization)["approved"]
            except IssuerRefused as error:
                yield f"authorization {authorization}: {error}"
            else:
                if not is_approved:
                    yield f"authorization {authorization} is not approved any more"
        for card in told.get("unfrozen", []):
            if issuer.call("GET", f"/v1/cards/{card}")["state"] != "active":
                yield "a card that was unfrozen is not active"
        yield from _is_useless(sandbox, issuer, told)


def _is_useless(sandbox: Sandbox, issuer: Issuer, told: dict[str, list[Any]]) -> Iterator[str]:
    """Whether somebody new cannot pay, or gets an authorization that somebody else has."""
    account = issuer.open_account("EUR", 100_000)["id"]
    phone, terminal = Phone(sandbox.http_url), Terminal(sandbox.iso_address, capability=_PATIENCE)
    phone.provision(issuer.issue_card(account)["id"])
    receipt = terminal.pay(phone, TAP_MINOR)
    if not receipt.approved:
        yield f"a new phone's tap is answered {receipt.response_code}"
    elif receipt.answer[62] in told.get("approved", []):
        yield f"authorization {receipt.answer[62]} was given twice"
    phone.close()
    terminal.close()


@contextmanager
def _network(directory: Path) -> Iterator[tuple[Sandbox, threading.Event]]:
    """A network on a data directory, and what is set when its engine has stopped. Raises: those of `_CANNOT_GO_ON`."""
    loop, ended = BackgroundLoop("sandbox"), threading.Event()
    sandbox = Sandbox(scratch_settings(directory))
    try:
        with patch("simulators.sandbox.opening.SegmentJournal", partial(SegmentJournal, segment_bytes=_SEGMENT_BYTES)):
            loop.run(sandbox.start())
        threading.Thread(target=_wait_for_failure, args=(loop, sandbox, ended), daemon=True).start()
        yield sandbox, ended
    finally:
        loop.run(sandbox.stop())
        loop.stop()


def _wait_for_failure(loop: BackgroundLoop, sandbox: Sandbox, ended: threading.Event) -> None:
    with suppress(CancelledError):
        loop.run(sandbox.failed())
        ended.set()
