"""``tapwright bank plan``, ``end-plan``, ``relieve`` and ``dues``: instalments, relief, and what will be due."""

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from simulators.cli.bank.asking import amount_of, check_account, check_identifier, minor_of, run
from simulators.cli.flags.server_address import UsageError

if TYPE_CHECKING:
    from simulators.parties.bank_client import BankClient

_PLAN_MONTHS_MAX = 60
_MONTHS_MAX = 24
"""Of a relief, and of dues that are looked at ahead."""
_MONTHS_AHEAD = 12
"""Where no number is given."""


def add_deferring_flags(bank: argparse.ArgumentParser) -> None:
    """The flags of these actions."""
    bank.add_argument(
        "--months",
        metavar="N",
        type=int,
        help="plan: how many instalments; relieve: at which of the statements to come something is due again; dues: "
        f"how many statements to look ahead, at most {_MONTHS_MAX} (default: {_MONTHS_AHEAD})",
    )
    bank.add_argument(
        "--amount",
        metavar="AMOUNT",
        help="plan: how much of the purchase or statement, in major units (default: all of it)",
    )
    bank.add_argument(
        "--interest",
        choices=["waived", "accrues"],
        help="relieve: whether nights until then bear interest (default: as in the terms of the product)",
    )
    bank.add_argument(
        "--product",
        metavar="NUMBER",
        type=int,
        help="relieve, without ACCOUNT: all accounts with this product; apply: what is applied for (default: 1)",
    )
    bank.add_argument(
        "--segment", metavar="NUMBER", type=int, help="relieve --product: only those of this segment (default: all)"
    )
    bank.add_argument(
        "--paid",
        choices=["nothing", "minimum", "all"],
        help="dues: what is paid of each statement to come (default: nothing)",
    )


def run_plan(arguments: argparse.Namespace) -> int:
    """Have a purchase or the last statement billed in instalments; returns the exit code. Raises: UsageError."""
    from tokenvault.vocabulary.identifiers import Prefix

    check_account(arguments)
    _check_months(arguments, _PLAN_MONTHS_MAX)
    if arguments.what is not None:
        # Identifiers of postings may have a part behind a full stop.
        check_identifier(Prefix.TRANSACTION, arguments.what.partition(".")[0], "PURCHASE")
    if arguments.amount is not None:
        amount_of(arguments.amount, "--amount")
    return run(_plan, arguments)


def run_end_plan(arguments: argparse.Namespace) -> int:
    """Bill what is left of instalments at once; returns the exit code. Raises: UsageError."""
    from tokenvault.vocabulary.identifiers import Prefix

    if not arguments.account:
        raise UsageError("bank end-plan needs a plan: tapwright bank end-plan PLAN")
    check_identifier(Prefix.PLAN, arguments.account, "PLAN")
    return run(_end_plan, arguments)


def run_relieve(arguments: argparse.Namespace) -> int:
    """Move what is due of an account, or of all with a product; returns the exit code. Raises: UsageError."""
    if arguments.product is None:
        if arguments.segment is not None:
            raise UsageError("--segment is for `tapwright bank relieve --product NUMBER`")
        check_account(arguments)
    elif arguments.account is not None:
        raise UsageError("bank relieve takes one of ACCOUNT and --product")
    _check_months(arguments, _MONTHS_MAX)
    return run(_relieve if arguments.product is None else _relieve_all, arguments)


def run_dues(arguments: argparse.Namespace) -> int:
    """Print what will be due of an account; returns the exit code. Raises: UsageError."""
    check_account(arguments)
    if arguments.months is not None:
        _check_months(arguments, _MONTHS_MAX)
    return run(_dues, arguments)


def _check_months(arguments: argparse.Namespace, most: int) -> None:
    if arguments.months is None:
        raise UsageError(f"bank {arguments.action} needs --months N")
    if not 1 <= arguments.months <= most:
        raise UsageError(f"--months {arguments.months}: must be from 1 to {most}")


def _plan(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """The plan that was agreed. Raises: IssuerRefused, UsageError."""
    account, months = arguments.account, arguments.months
    currency = client.account(account)["currency"]
    asked = arguments.amount
    amount = None if asked is None else minor_of(amount_of(asked, "--amount"), currency, "--amount")
    if arguments.what is not None:
        plan = client.split_purchase(account, arguments.what, months, amount)
    else:
        statement = client.statement(account)
        if statement is None:
            return [f"{account} has no statement yet"]
        plan = client.split_statement(account, statement["day"], months, amount)
    principal, fee = _shown(plan, currency, "principal", "fee")
    return [f"{plan['id']}: {principal} {currency} in {months} instalments, with a fee of {fee} each"]


def _end_plan(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """What that cost, and what the account owes now. Raises: IssuerRefused."""
    plan = client.end_plan(arguments.account)
    currency = plan["currency"]
    fee, owed = _shown(plan, currency, "early_fee", "posted_balance")
    return [f"{plan['id']}: ended, with a fee of {fee}; {plan['account_id']} owes {owed} {currency}"]


def _relieve(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """By when something is due again. Raises: IssuerRefused."""
    client.relieve(arguments.account, arguments.months, arguments.interest)
    due_day = client.account(arguments.account)["books"]["due_day"]
    return [f"{arguments.account}: nothing is due before {due_day}"]


def _relieve_all(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """How many accounts were relieved. Raises: IssuerRefused."""
    told = client.relieve_all(arguments.product, arguments.months, arguments.interest, arguments.segment)
    return [f"{told['accounts']:,} accounts relieved"]


def _dues(client: "BankClient", arguments: argparse.Namespace) -> Iterable[str]:
    """What will be due with each statement. Raises: IssuerRefused."""
    from simulators.cli.bank.tables import dues_lines

    return dues_lines(client.dues(arguments.account, arguments.months or _MONTHS_AHEAD, arguments.paid or "nothing"))


def _shown(answer: dict[str, Any], currency: str, *names: str) -> list[str]:
    """Amounts of an answer in major units."""
    from tokenvault.reference_data.currencies import major_text

    return [major_text(answer[name], currency) for name in names]
