"""``tapwright bank``: applications, days, payments, statements, instalments, books, and the program."""

import argparse
from collections.abc import Callable
from pathlib import Path

from simulators.cli.bank.accounts import run_books, run_pay, run_statement
from simulators.cli.bank.applying import add_applying_flags, run_answer_application, run_applications, run_apply
from simulators.cli.bank.closing import add_flags, run_close
from simulators.cli.bank.deferring import add_deferring_flags, run_dues, run_end_plan, run_plan, run_relieve
from simulators.cli.bank.desk import add_desk_flags, run_answer_case, run_cases, run_desk
from simulators.cli.bank.phone import run_phone
from simulators.cli.bank.program import run_program
from simulators.cli.bank.rights import add_rights_flags, run_give, run_redeem, run_units
from simulators.cli.flags.arguments import Verbs
from simulators.cli.flags.server_address import UsageError, default_url

_ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "close": run_close,
    "books": run_books,
    "statement": run_statement,
    "pay": run_pay,
    "plan": run_plan,
    "end-plan": run_end_plan,
    "relieve": run_relieve,
    "dues": run_dues,
    "units": run_units,
    "give": run_give,
    "redeem": run_redeem,
    "program": run_program,
    "phone": run_phone,
    "apply": run_apply,
    "applications": run_applications,
    "answer-application": run_answer_application,
    "cases": run_cases,
    "answer-case": run_answer_case,
    "desk": run_desk,
}
"""In the order of the help."""

_OF_ALL_ACCOUNTS = ("close", "books", "applications", "cases", "desk")
_ABOUT_MORE = ("statement", "pay", "plan", "give", "redeem", "answer-application", "answer-case")
"""They take a second argument."""

_OPTIONS = {
    "until": ("close",),
    "months": ("plan", "relieve", "dues"),
    "pdf": ("statement",),
    "amount": ("plan",),
    "interest": ("relieve",),
    "product": ("relieve", "apply"),
    "segment": ("relieve",),
    "paid": ("dues",),
    "unit": ("give", "redeem"),
    "score": ("apply",),
    "city": ("apply",),
    "channel": ("apply",),
    "cut_day": ("apply",),
    "state": ("applications",),
    "credit_limit": ("answer-application",),
    "queue": ("cases", "desk"),
    "after": ("desk",),
    "approve_up_to": ("desk",),
    "seed": ("desk",),
    "once": ("desk",),
}
"""Which actions each option is for."""


def add(verbs: Verbs) -> None:
    """Its flags."""
    bank = verbs.add_parser(
        "bank",
        help="close days, pay accounts, show statements, agree on instalments, prove the books",
        description="Work with accounts that have a product on a running server: close days, receive a payment, print "
        "a statement, agree on instalments or relief, look at what will be due, add up all books and prove that "
        "they are in balance, or activate a program of products, scenes and rules.",
    )
    bank.add_argument(
        "action",
        choices=[*_ACTIONS],
        help="close: set the server's clock forward to the end of a day, and close all days up to it; books: add up "
        "the books of all accounts; statement: print a statement of an account; pay: receive a payment of an account; "
        "plan: have a purchase, or the last statement, billed in instalments; end-plan: bill what is left of them at "
        "once; relieve: move what is due to the due day of a later statement; dues: print what will be due; "
        "units: print what an account holds of each unit; give: give it some, or take some back; redeem: exchange some "
        "for money; "
        "program: print the authorization program in force, or activate an included one or a file; phone: print what a "
        "simulated phone shows of its account; apply: apply for a card, as a new customer unless one is named; "
        "applications: print the newest applications; answer-application: answer one that is in review, as the "
        "issuer's desk; cases: print the open cases of the desks; answer-case: answer one; desk: have simulated agents "
        "answer cases as they come",
    )
    bank.add_argument(
        "account",
        metavar="ACCOUNT|PLAN|PROGRAM|PHONE|CUSTOMER|APPLICATION|CASE",
        nargs="?",
        help="the account, acct_...; end-plan: the plan, plan_...; program: the program to activate, whole_bank or a "
        "file of JSON (default: print the one in force); phone: the simulated phone, phone_...; apply: the customer, "
        "cust_...; answer-application: the application, appl_...; answer-case: the case, case_...",
    )
    bank.add_argument(
        "what",
        metavar="DATE|AMOUNT|PURCHASE|NUMBER|ANSWER",
        nargs="?",
        help="statement: the day on which it was cut, such as 2027-01-05 (default: the newest statement); pay: an "
        "amount in major units, such as 300.00, or what is left of the last statement: minimum or closing; plan: the "
        "posting of a purchase, txn_... (default: the last statement); give and redeem: how many units, below 0 to "
        "take some back; answer-application: approved or declined; answer-case: approve or decline",
    )
    add_flags(bank)
    add_deferring_flags(bank)
    add_rights_flags(bank)
    add_applying_flags(bank)
    add_desk_flags(bank)
    bank.add_argument(
        "--pdf",
        type=Path,
        metavar="FILE",
        help="statement: write it as PDF, as a bank would send it, instead of printing it",
    )
    bank.add_argument(
        "--url", default=default_url(), help="the server (default: TAPWRIGHT_URL, else http://127.0.0.1:8420)"
    )
    bank.add_argument(
        "--api-key",
        metavar="KEY",
        help="an API key with the scope issuer or sandbox; close, books, program, phone and relieve --product: sandbox "
        "(default: the sandbox's own)",
    )
    bank.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    action = arguments.action
    if action in _OF_ALL_ACCOUNTS and arguments.account is not None:
        raise UsageError(f"bank {action} is about all accounts: leave out {arguments.account}")
    if action not in _ABOUT_MORE and arguments.what is not None:
        raise UsageError(f"bank {action} takes one argument: leave out {arguments.what}")
    for option, actions in _OPTIONS.items():
        if action not in actions and getattr(arguments, option) is not None:
            raise UsageError(f"--{option.replace('_', '-')} is for `tapwright bank {' | '.join(actions)}`")
    return _ACTIONS[action](arguments)
