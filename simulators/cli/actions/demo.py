"""``tapwright demo``: the whole product on one screen, with a real server in a separate process."""

import os
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.rule import Rule

from authz.network.warm_up import compile_everything
from simulators.attackers.cards import ClonedPhone
from simulators.parties.issuer_client import Issuer
from simulators.process.server_process import ServerProcess
from simulators.terminals.receipt import Receipt
from simulators.terminals.terminal import Terminal
from simulators.testkit.decision_table import show_decision
from simulators.wallet.phone import Phone
from tokenvault.reference_data.currencies import amount_text

CREDIT_LIMIT, TRANSACTION_LIMIT, CURRENCY = 250_000, 100_000, "EUR"
COFFEE, YACHT = 1_250, 150_000


class DemoFailed(Exception):
    """Something in the story did not come out as it must."""


class Demo:
    """The story, scene by scene."""

    def __init__(self, console: Console, data_dir: Path) -> None:
        self._console = console
        self._data_dir = data_dir
        self._server = ServerProcess(data_dir)
        self._connect()

    def _connect(self) -> None:
        self._issuer = Issuer(self._server.http_url)
        self._terminal = Terminal(self._server.iso_address)

    def close(self) -> None:
        """End the server."""
        self._terminal.close()
        self._issuer.close()
        self._server.stop()

    def play(self) -> None:
        """All scenes. Raises: DemoFailed."""
        self._console.print(
            f"Server: HTTP {self._server.http_url}, ISO 8583 on {':'.join(map(str, self._server.iso_address))}"
        )
        self._issue_and_provision()
        self._first_tap()
        self._attacks()
        self._kill_and_restart()
        self._phone.close()

    def _scene(self, title: str) -> None:
        self._console.print(Rule(title, style="cyan"))

    def _say(self, text: str) -> None:
        self._console.print(f"  {text}", highlight=False)

    def _issue_and_provision(self) -> None:
        self._scene("A card is issued and provisioned to a phone")
        account = self._issuer.open_account(CURRENCY, CREDIT_LIMIT, TRANSACTION_LIMIT)
        self._account_id = account["id"]
        limit = amount_text(CREDIT_LIMIT, CURRENCY)
        self._say(
            f"account   {self._account_id}, {limit} credit, at most {amount_text(TRANSACTION_LIMIT, CURRENCY)} at once"
        )
        card = self._issuer.issue_card(self._account_id)
        self._say(
            f"card      {card['id']}, **** {card['last4']}, digital only, PAR {card['payment_account_reference']}"
        )
        self._phone = Phone(self._server.http_url, name="Ada's phone")
        self._say(f"device    {self._phone.register()}, its P-256 key attested by the manufacturer")
        token = self._phone.request_token(card["id"])
        self._say(f"token     {token['id']}, **** {token['token_last4']}, {token['decision']['outcome']}")
        active = self._phone.activate()
        self._say(f"activated {active['state']}; its key was sealed to this phone and stays in its secure element")

    def _first_tap(self) -> None:
        self._scene("The phone pays")
        self._transaction = self._terminal.start(COFFEE, CURRENCY)
        self._tap = self._phone.tap(self._transaction.values)
        receipt = self._terminal.authorize(self._transaction, self._tap)
        self._console.print(Panel(receipt.text(), expand=False))
        self._expect(receipt, "approved")

    def _attacks(self) -> None:
        self._scene("A clone of the phone, with the token PAN but without the card key")
        clone = ClonedPhone(self._tap, made_up_key=os.urandom(16))
        self._expect(self._terminal.pay(clone, COFFEE, CURRENCY), "invalid_cryptogram")
        self._scene("The first cryptogram is replayed")
        self._expect(self._terminal.authorize(self._transaction, self._tap), "replayed_cryptogram")
        self._scene("The phone itself, above the limit")
        self._expect(self._terminal.pay(self._phone, YACHT, CURRENCY), "exceeds_limit")

    def _kill_and_restart(self) -> None:
        self._scene("kill -9, and a restart")
        before = self._issuer.balance(self._account_id)
        self._terminal.close()
        self._issuer.close()
        self._server.kill()
        started = time.monotonic()
        self._server = ServerProcess(self._data_dir)
        self._connect()
        self._say(f"back after {time.monotonic() - started:.1f} s")
        after = self._issuer.balance(self._account_id)
        if after != before or after["held"] != COFFEE:
            raise DemoFailed(f"the balance changed from {before} to {after}")
        held, available = (amount_text(after[name], CURRENCY) for name in ("held", "available"))
        self._say(f"held {held}, available {available}: as before")
        self._say("the first cryptogram, again:")
        self._expect(self._terminal.authorize(self._transaction, self._tap), "replayed_cryptogram")

    def _expect(self, receipt: Receipt, reason: str) -> None:
        if receipt.authorization_id is None:
            raise DemoFailed(f"the network did not decide: {receipt.answer}")
        decision = self._issuer.authorization(receipt.authorization_id)
        show_decision(decision, self._console)
        if decision["reason"] != reason:
            raise DemoFailed(f"expected {reason}, got {decision['reason']}")


def run_demo(console: Console, data_dir: Path | None = None) -> None:
    """Play the story on a fresh data directory, which is thrown away unless one is named. Raises: DemoFailed."""
    started = time.monotonic()
    console.print(Rule("Tapwright: a payment network in a box", style="bold cyan"))
    with tempfile.TemporaryDirectory(prefix="tapwright-demo-") as scratch:
        compile_everything()  # here, where it is seen; the server finds the machine code
        with console.status("Starting the server"):
            demo = Demo(console, data_dir or Path(scratch) / "data")
        try:
            demo.play()
        finally:
            demo.close()
    console.print(Rule(f"Done in {time.monotonic() - started:.1f} s", style="bold cyan"))
    console.print("Next: [bold]tapwright serve[/], then docs/wallet-integration.md and docs/wire.md.", highlight=False)
