"""Books and statements as lines of text."""

from collections.abc import Iterator
from typing import Any

from tokenvault.reference_data.currencies import major_text

_NAME_WIDTH, _AMOUNT_WIDTH = 18, 20


def books_lines(books: dict[str, Any]) -> Iterator[str]:
    """The sums of all books, as `GET /v1/books` has them, in minor units."""
    yield f"{books['accounts']:,} accounts with a product; minor units, all currencies added up"
    yield ""
    for name, amount in books["buckets"].items():
        yield _line(name, amount)
    yield _line("owed", books["owed"])
    yield ""
    for name, amount in books["general"].items():
        yield _line(name, amount)
    yield _line("sum with owed", books["sum"])
    yield ""
    yield "the books are in balance" if books["is_balanced"] else "THE BOOKS ARE NOT IN BALANCE"


def _line(name: str, minor: int) -> str:
    return f"{name:<{_NAME_WIDTH}}{minor:>{_AMOUNT_WIDTH},}"


def statement_lines(statement: dict[str, Any]) -> Iterator[str]:
    """A statement, as the API has it, in major units of its account's currency."""
    currency = statement["currency"]
    shown = {name: major_text(statement[name], currency) for name in ("opening", "closing", "minimum", "interest")}
    yield f"statement of {statement['day']} for {statement['account_id']}, {currency}"
    yield ""
    yield _row("", "opening balance", "", shown["opening"])
    for line in statement["lines"]:
        amount, balance = (major_text(line[name], currency) for name in ("amount", "balance"))
        merchant = ", ".join(filter(None, (line["merchant_name"], line["merchant_city"])))
        yield _row(line["day"], line["kind"].replace("_", " "), amount, balance, merchant)
    if statement["later_instalments"]:
        yield _row("", "later instalments", major_text(statement["later_instalments"], currency), "")
    yield _row("", "closing balance", "", shown["closing"])
    yield ""
    yield f"minimum {shown['minimum']}, due by {statement['due_day']}; interest {shown['interest']}"
    if statement["past_due"] or statement["missed"]:
        past_due = major_text(statement["past_due"], currency)
        yield f"past due {past_due}; minimums missed in a row: {statement['missed']}"
    if statement["relief_until"]:
        interest = f", interest {statement['relief_interest']}" if statement["relief_interest"] else ""
        yield f"in relief until {statement['relief_until']}{interest}"


_DUE_COLUMNS = ("closing", "minimum", "instalments", "fees", "interest", "past_due")


def dues_lines(dues: dict[str, Any]) -> Iterator[str]:
    """What is due and what will be, as the API has it, in major units of the account's currency."""
    currency, due_day = dues["currency"], dues["due_day"]
    minimum, closing = (major_text(dues[name], currency) for name in ("minimum_due", "statement_due"))
    due = "nothing is due"
    if due_day is not None:
        due = f"{minimum} of {closing} due by {due_day}"
    elif dues["minimum_due"] or dues["statement_due"]:
        due = f"{minimum} of {closing} past due"
    yield f"{dues['today']}: {dues['account_id']}, {currency}; {due}"
    if not dues["data"]:
        yield "no statement is ahead before the first posting"
        return
    yield ""
    yield f"{'statement':<12}{'due by':<12}" + "".join(f"{name.replace('_', ' '):>14}" for name in _DUE_COLUMNS)
    for due in dues["data"]:
        amounts = (major_text(due[name], currency) for name in _DUE_COLUMNS)
        yield f"{due['day']:<12}{due['due_day']:<12}" + "".join(f"{amount:>14}" for amount in amounts)


def _row(day: str, what: str, amount: str, balance: str, merchant: str = "") -> str:
    return f"{day:<12}{what:<{_NAME_WIDTH}}{amount:>16}{balance:>16}  {printable(merchant)}".rstrip()


def printable(text: str) -> str:
    """What a merchant calls itself comes from a message: a terminal is not to obey it."""
    return "".join(character if character.isprintable() else "?" for character in text)
