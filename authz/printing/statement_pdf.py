"""A statement as PDF: what a bank sends to its customers, on as many sheets of A4 as its lines need."""

from dataclasses import dataclass

import numpy as np

from authz.history.book_rows import StatementContent
from authz.history.history_rows import Row
from authz.printing.movements import movements
from authz.printing.relief_in_words import relief_in_words
from authz.printing.sheets import LEFT, RIGHT, Sheets
from authz.printing.terms_in_words import terms_in_words
from tokenvault.reference_data.currencies import major_text
from tokenvault.vocabulary.identifiers import Prefix, to_text

_PLACE, _KIND = LEFT + 62, LEFT + 330
"""Where the columns of lines begin, behind that of the days. Amounts end at the right margin."""

_ROW, _ROW_OF_LINES, _ROW_OF_TERMS = 14.0, 15.0, 11.0


@dataclass(frozen=True)
class Statement:
    """What is printed. bank: the name of who sends it.  product: the name of the account's product.

    content: what is on it.  terms: those that held on its day, a row of `TERMS`.
    """

    bank: str
    product: str
    content: StatementContent
    terms: np.void

    @property
    def row(self) -> Row:
        """Its row in the history."""
        return self.content.row

    @property
    def account_id(self) -> str:
        """The account's identifier."""
        return to_text(Prefix.ACCOUNT, self.row["account_id"])

    @property
    def title(self) -> str:
        """What it is of."""
        return f"Statement of {self.row['day']}"

    def amount(self, amount_minor: int) -> str:
        """An amount in major units of the account's currency."""
        return major_text(amount_minor, self.row["currency"])


def statement_pdf(statement: Statement) -> bytes:
    """The document. The same statement gives the same bytes."""

    def heading(sheets: Sheets, before: int) -> None:
        (_short_heading if before else _full_heading)(sheets, statement)

    sheets = Sheets(heading)
    _figures(sheets, statement)
    _summary(sheets, statement)
    _lines(sheets, statement)
    _terms(sheets, statement)
    foot = f"{statement.bank}, account {statement.account_id}. Amounts in {statement.row['currency']}."
    return sheets.document(f"{statement.title}, account {statement.account_id}", statement.bank, foot)


def _full_heading(sheets: Sheets, statement: Statement) -> None:
    """That of the first sheet: the bank, and what the statement is about."""
    sheets.down(14)
    sheets.text(LEFT, statement.bank, 19, width_max=300, is_bold=True)
    sheets.text_right(RIGHT, statement.title, 13, is_bold=True)
    sheets.down(15)
    row = statement.row
    period = "up to" if row["since"] is None else f"after {row['since']} up to"
    sheets.text_right(RIGHT, f"Postings {period} {row['day']}", is_dim=True)
    sheets.down(13)
    sheets.rule(above=4)
    for name, value in (
        ("Account", statement.account_id),
        ("Product", statement.product),
        ("Currency", row["currency"]),
    ):
        sheets.down(_ROW)
        sheets.text(LEFT, name, is_dim=True)
        sheets.text(LEFT + 62, value)
    sheets.down(16)


def _short_heading(sheets: Sheets, statement: Statement) -> None:
    """That of the other sheets."""
    sheets.down(10)
    sheets.text(LEFT, statement.bank, 10, width_max=220, is_bold=True)
    sheets.text_right(RIGHT, f"{statement.title}, account {statement.account_id}", is_dim=True)
    sheets.rule(above=-8)
    sheets.down(24)


def _figures(sheets: Sheets, statement: Statement) -> None:
    """What the customer looks for first: how much, and by when."""
    row = statement.row
    sheets.panel(52)
    figures = (
        ("Closing balance", statement.amount(row["closing_minor"])),
        ("Minimum payment", statement.amount(row["minimum_minor"])),
        ("Due by", row["due_day"]),
        ("Of which past due", statement.amount(row["past_due_minor"])),
    )
    place = (RIGHT - LEFT) / len(figures)
    for size, descent, part in ((8.0, 19.0, 0), (13.0, 20.0, 1)):
        sheets.down(descent)
        for number, figure in enumerate(figures):
            x, room = LEFT + 12 + number * place, place - 16
            sheets.text(x, figure[part], size, width_max=room, is_bold=part == 1, is_dim=part == 0)
    if statement.content.relief_until is not None:
        sheets.down(30)
        sheets.text(LEFT, relief_in_words(statement.content.relief_until, statement.content.relief_interest))
    sheets.down(36)


def _summary(sheets: Sheets, statement: Statement) -> None:
    """How the opening balance became the closing balance."""
    opening, closing = statement.content.opening_minor, statement.row["closing_minor"]
    sheets.text(LEFT, "Summary", 11, is_bold=True)
    sheets.down(4)
    rows = [("Opening balance", opening), *movements(statement.content), ("Closing balance", closing)]
    for number, (name, minor) in enumerate(rows):
        is_sum = number in (0, len(rows) - 1)
        sheets.down(_ROW)
        sheets.rule(above=10)
        sheets.text(LEFT, name, is_bold=is_sum)
        sheets.text_right(RIGHT, statement.amount(minor), is_bold=is_sum)
    sheets.down(8)
    if statement.row["missed"]:
        sheets.down(_ROW)
        sheets.text(LEFT, f"Minimums not paid in time, in a row: {statement.row['missed']}", is_dim=True)
    sheets.down(20)


def _lines(sheets: Sheets, statement: Statement) -> None:
    """Each posting, and the sum of what was charged and of what was paid or given back."""
    sheets.keep(_ROW + 2 * _ROW_OF_LINES)
    sheets.text(LEFT, "Postings", 11, is_bold=True)
    sheets.down(4)
    _names_of_columns(sheets)
    for line in statement.content.lines:
        if sheets.keep(_ROW_OF_LINES):
            _names_of_columns(sheets)
        sheets.down(_ROW_OF_LINES)
        _line(sheets, line, statement.amount(line["amount_minor"]))
    if not statement.content.lines:
        sheets.down(_ROW_OF_LINES)
        sheets.rule(above=10.5)
        sheets.text(_PLACE, "No postings", is_dim=True)
    amounts = [line["amount_minor"] for line in statement.content.lines]
    sheets.keep(2 * _ROW_OF_LINES)
    for name, minor in (
        ("Charged in all", sum(amount for amount in amounts if amount > 0)),
        ("Paid and given back in all", sum(amount for amount in amounts if amount < 0)),
    ):
        sheets.down(_ROW_OF_LINES)
        sheets.rule(above=10.5)
        sheets.text(_PLACE, name, is_bold=True)
        sheets.text_right(RIGHT, statement.amount(minor), is_bold=True)
    sheets.down(30)


def _names_of_columns(sheets: Sheets) -> None:
    sheets.down(_ROW)
    for x, name in ((LEFT, "Date"), (_PLACE, "Merchant"), (_KIND, "Posting")):
        sheets.text(x, name, 8, is_dim=True)
    sheets.text_right(RIGHT, "Amount", 8, is_dim=True)


def _line(sheets: Sheets, line: Row, amount: str) -> None:
    merchant = ", ".join(filter(None, (line["merchant_name"], line["merchant_city"])))
    sheets.rule(above=10.5)
    sheets.text(LEFT, line["day"])
    sheets.text(_PLACE, merchant, width_max=_KIND - _PLACE - 8)
    sheets.text(_KIND, line["kind"].replace("_", " ").capitalize(), width_max=90)
    sheets.text_right(RIGHT, amount)


def _terms(sheets: Sheets, statement: Statement) -> None:
    """The terms by which the statement was made, together on one sheet."""
    words = list(terms_in_words(statement.terms, statement.row["currency"]))
    sheets.keep(_ROW_OF_TERMS * len(words) + 4)
    sheets.text(LEFT, "Terms", 11, is_bold=True)
    sheets.down(4)
    for name, sentence in words:
        sheets.down(_ROW_OF_TERMS)
        sheets.text(LEFT, name, 8, is_dim=True)
        sheets.text(_PLACE, sentence, 8, width_max=RIGHT - _PLACE)
