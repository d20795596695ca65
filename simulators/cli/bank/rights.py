"""``tapwright bank units``, ``give`` and ``redeem``: the units that accounts hold."""

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from simulators.cli.bank.asking import check_account, run
from simulators.cli.flags.server_address import UsageError

if TYPE_CHECKING:
    from simulators.parties.bank_client import BankClient


def add_rights_flags(bank: argparse.ArgumentParser) -> None:
    """The flags of these actions."""
    bank.add_argument("--unit", metavar="ID", help="give, redeem: the unit, by its id in the program, such as points")


def run_units(arguments: argparse.Namespace) -> int:
    """Print what an account holds; returns the exit code. Raises: UsageError."""
    check_account(arguments)
    return run(_units, arguments)


def run_give(arguments: argparse.Namespace) -> int:
    """Give an account units, or take some back; returns the exit code. Raises: UsageError."""
    _check_count(arguments, least=None)
    return run(_give, arguments)


def run_redeem(arguments: argparse.Namespace) -> int:
    """Exchange units of an account for money; returns the exit code. Raises: UsageError."""
    _check_count(arguments, least=1)
    return run(_redeem, arguments)


def _check_count(arguments: argparse.Namespace, least: int | None) -> None:
    check_account(arguments)
    action = arguments.action
    if arguments.what is None or arguments.unit is None:
        raise UsageError(f"bank {action} needs a number and a unit: tapwright bank {action} ACCOUNT NUMBER --unit ID")
    try:
        count = int(arguments.what)
    except ValueError:
        raise UsageError(f"NUMBER {arguments.what!r} is not a whole number") from None
    if count == 0 or (least is not None and count < least):
        raise UsageError(f"NUMBER {arguments.what}: must {'not be 0' if least is None else f'be at least {least}'}")


def _units(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """A line for each unit and last day. Raises: IssuerRefused."""
    held = client.units(arguments.account)
    if not held:
        return [f"{arguments.account} holds no units"]
    return [
        f"{each['unit'] or each['number']}: {holding['count']:,}"
        + (f" until {holding['until']}" if holding["until"] else "")
        for each in held
        for holding in each["holdings"]
    ]


def _give(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """How many the account holds then. Raises: IssuerRefused."""
    client.give_units(arguments.account, arguments.unit, int(arguments.what))
    held = client.units_held(arguments.account, arguments.unit)
    return [f"{arguments.account}: {held:,} {arguments.unit}"]


def _redeem(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """What the account was paid, and what it owes then. Raises: IssuerRefused."""
    from tokenvault.reference_data.currencies import major_text

    redeemed = client.redeem(arguments.account, arguments.unit, int(arguments.what))
    currency = redeemed["currency"]
    reward, owed = (major_text(redeemed[name], currency) for name in ("reward", "posted_balance"))
    return [f"{arguments.account}: {reward} {currency} for {redeemed['count']:,} {arguments.unit}; owed {owed}"]
