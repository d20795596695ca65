"""``tapwright bank cases``, ``answer-case`` and ``desk``: what is referred to a person, and simulated agents."""

import argparse
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from simulators.cli.bank.asking import amount_of, check_identifier, run
from simulators.cli.flags.server_address import UsageError

if TYPE_CHECKING:
    from simulators.parties.bank_client import BankClient

_QUEUES = ("one_to_one", "one_to_many", "mass", "circle")
_ANSWERS = ("approve", "decline")
_PAUSE_SECONDS = 0.5


def add_desk_flags(bank: argparse.ArgumentParser) -> None:
    """The flags of these actions, beside those that others have too."""
    bank.add_argument("--queue", choices=_QUEUES, help="cases, desk: only this queue (default: all)")
    bank.add_argument(
        "--after",
        metavar="SECONDS",
        type=float,
        help="desk: how long agents take over a case, on the server's clock, on average (default: 20)",
    )
    bank.add_argument(
        "--approve-up-to",
        metavar="AMOUNT",
        help="desk: what is more is declined, in major units with two decimals (default: 50000.00)",
    )
    bank.add_argument("--seed", metavar="N", type=int, help="desk: of how long each case takes (default: 1)")
    bank.add_argument(
        "--once", action="store_const", const=True, help="desk: answer the cases whose turn has come, and end"
    )


def run_cases(arguments: argparse.Namespace) -> int:
    """Print the open cases; returns the exit code. Raises: UsageError."""
    return run(_cases, arguments)


def run_answer_case(arguments: argparse.Namespace) -> int:
    """Answer a case; returns the exit code. Raises: UsageError."""
    from tokenvault.vocabulary.identifiers import Prefix

    if arguments.account is None or arguments.what not in _ANSWERS:
        raise UsageError(
            f"bank answer-case needs a case and {' or '.join(_ANSWERS)}: tapwright bank answer-case CASE approve"
        )
    check_identifier(Prefix.CASE, arguments.account, "CASE")
    return run(_answer_case, arguments)


def run_desk(arguments: argparse.Namespace) -> int:
    """Answer cases as they come; returns the exit code. Raises: UsageError."""
    if arguments.after is not None and not 0 <= arguments.after <= 86_400:
        raise UsageError(f"--after {arguments.after}: must be from 0 to 86400 seconds")
    if arguments.approve_up_to is not None:
        amount_of(arguments.approve_up_to, "--approve-up-to")
    return run(_desk, arguments)


def _cases(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """The open cases in the order in which a desk takes them, at most a hundred. Raises: IssuerRefused."""
    found = client.open_cases(arguments.queue)["data"]
    return [_line(each) for each in found] or ["no open cases"]


def _answer_case(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """What became of it. Raises: IssuerRefused."""
    reason = "customer_confirmed" if arguments.what == "approve" else "other"
    return [_line(client.answer_case(arguments.account, arguments.what, reason))]


def _desk(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """Each case that was answered. Raises: IssuerRefused."""
    from simulators.parties.desk import Desk, Mandate

    usual = Mandate()
    after = usual.after_seconds if arguments.after is None else arguments.after
    most = usual.approve_up_to_minor
    if arguments.approve_up_to is not None:
        most = int(amount_of(arguments.approve_up_to, "--approve-up-to") * 100)
    queues = _QUEUES if arguments.queue is None else (arguments.queue,)
    desk = Desk(client, dict.fromkeys(queues, Mandate(after, most)), 1 if arguments.seed is None else arguments.seed)
    while True:
        yield from map(_line, desk.answer_due())
        if arguments.once:
            return
        time.sleep(_PAUSE_SECONDS)


def _line(case: dict[str, Any]) -> str:
    from tokenvault.reference_data.currencies import major_text

    amount = f"{major_text(case['amount'], case['currency'])} {case['currency']}"
    where = case["merchant_name"] or case["merchant"]
    told = f"{case['id']}: {case['queue']}, {case['account_id']}, {amount} at {where}, {case['status']}"
    if case["goes_first"]:
        told += ", goes first"
    if case["decision"] is not None:
        told += f": {case['decision']} ({case['reason']})"
    return told
