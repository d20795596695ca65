"""The document of a statement, read back by another program: figures, lines, sheets and terms."""

import re
from datetime import date, timedelta

import numpy as np
import pytest

from authz.history.book_rows import StatementContent
from authz.printing.movements import movements
from authz.printing.statement_pdf import Statement, statement_pdf
from authz.printing.terms_in_words import terms_in_words
from authz.program.tables import TERMS
from authz.program.terms import Terms, terms_row
from authz.vocabulary.layouts import ANY_SEGMENT
from authz.vocabulary.posting_kinds import PostingKind, Sign
from tests.authz.printing.documents import marked_share, size, texts
from tokenvault.vocabulary.identifiers import Prefix, to_number

ACCOUNT = "acct_06R8C3N5VZQ4T"


def terms(**changed):
    """A row of `TERMS`."""
    return np.array([terms_row(Terms.model_validate(changed), 1, ANY_SEGMENT)], TERMS)[0]


def line(kind="purchase", amount=300_000, day=0, name="TAPWRIGHT CAFE", city="BERLIN"):
    """A posting; day: how many days after the first."""
    on = date(2026, 12, 6) + timedelta(days=day)
    merchant = {"merchant_name": name, "merchant_city": city}
    return {"day": on.isoformat(), "kind": kind, "amount_minor": amount, **merchant}


def moved(opening, lines, closing):
    """Groups of movements and their sums."""
    return list(movements(StatementContent({"closing_minor": closing}, opening, lines)))


def document(lines, bank="Tapwright Bank", relief=(), **values):
    """The PDF of a statement over lines, which closes with their sum. relief: until when, and its interest."""
    row = {
        "account_id": to_number(Prefix.ACCOUNT, ACCOUNT),
        "day": "2027-01-05",
        "since": "2026-12-05",
        "due_day": "2027-01-25",
        "closing_minor": 10_000 + sum(each["amount_minor"] for each in lines),
        "minimum_minor": 31_000,
        "past_due_minor": 1_000,
        "missed": 0,
        "currency": "CNY",
    }
    content = StatementContent(row | values, 10_000, lines, *relief)
    return statement_pdf(Statement(bank, "phone_card", content, terms()))


def test_a_statement_says_what_a_bank_says():
    """Who sends it, of what and by when; how the balance came about; each posting; the terms."""
    lines = [
        line(),
        line("cash", 100_000, 1, "ATM 7", ""),
        line("cash_fee", 1_000, 1, "", ""),
        line("payment", -50_000, 9, "", ""),
        line("refund", -2_500, 12),
        line("interest", 1_350, 30, "", ""),
    ]
    made = document(lines, missed=2)
    (text,) = texts(made)
    for row in (
        "Tapwright Bank Statement of 2027-01-05",
        "Postings after 2026-12-05 up to 2027-01-05",
        f"Account {ACCOUNT}",
        "Product phone_card",
        "Currency CNY",
        "Closing balance Minimum payment Due by Of which past due",
        "3,598.50 310.00 2027-01-25 10.00",
        "Opening balance 100.00",
        "Purchases 3,000.00",
        "Cash 1,000.00",
        "Refunds and reversals -25.00",
        "Payments received -500.00",
        "Interest 13.50",
        "Fees 10.00",
        "Closing balance 3,598.50",
        "Minimums not paid in time, in a row: 2",
        "2026-12-06 TAPWRIGHT CAFE, BERLIN Purchase 3,000.00",
        "2026-12-07 ATM 7 Cash 1,000.00",
        "2026-12-07 Cash fee 10.00",
        "2026-12-15 Payment -500.00",
        "Charged in all 4,023.50",
        "Paid and given back in all -525.00",
        "Late fee 5 %, at least 10.00, of the minimum that is not paid in time",
        f"Tapwright Bank, account {ACCOUNT}. Amounts in CNY. Page 1 of 1",
    ):
        assert row in text.split("\n"), row
    assert size(made) == pytest.approx((595.28, 841.89), abs=0.01)  # ISO 216: A4
    assert 0.02 < marked_share(made, 0) < 0.3


@pytest.mark.parametrize("count", [*range(26, 48), 100, 1_000])
def test_lines_go_on_on_further_sheets(count):
    """Each line is on one, in order; each sheet has a heading, names of columns and its number, and none is empty."""
    lines = [line(amount=100 + number, day=number % 30, name=f"SHOP {number}") for number in range(count)]
    sheets = texts(document(lines))
    assert re.findall(r"SHOP (\d+), BERLIN", "\n".join(sheets)) == [str(number) for number in range(count)]
    for number, sheet in enumerate(sheets, 1):
        assert sheet.startswith("Tapwright Bank Statement of 2027-01-05"), number
        assert sheet.endswith(f"Page {number} of {len(sheets)}"), number
        assert ("Date Merchant Posting Amount" in sheet) == ("SHOP" in sheet), number
        assert sheet.count("\n") > 3, number
    assert sum("Terms\n" in sheet for sheet in sheets) == 1
    assert sheets[-1].count("Payments pay in this order") == 1
    assert len(sheets) == 2 if count < 48 else len(sheets) > count / 50


def test_the_same_statement_is_the_same_bytes():
    """Nothing says when it was made, so two that are sent can be compared."""
    made = document([line()])
    assert document([line()]) == made
    assert document([line(amount=1)]) != made


def test_names_of_all_scripts_are_readable():
    """What no font has is told as such, and a name that is too long ends before the next column."""
    names = ("北京饭店", "Кафе", "서울", "Żabka", "\ufffd\ufffd", "W" * 60, "\x1b(()")
    lines = [line(name=name, city="") for name in names]
    (text,) = texts(document(lines, bank="招商银行 (Zürich)"))
    for shown in ("北京饭店", "Кафе", "서울", "Zabka", "??", "?(()"):
        assert f"2026-12-06 {shown} Purchase 3,000.00" in text, shown
    assert re.search("2026-12-06 W{20,40}… Purchase 3,000.00", text)
    assert text.startswith("招商银行 (Zürich) Statement of")


def test_the_greatest_amounts_and_a_currency_without_decimals():
    """They have room beside each other."""
    greatest = 10**15
    lines = [line(amount=greatest), line("refund", -greatest)]
    (text,) = texts(document(lines, closing_minor=10_000, minimum_minor=0, currency="JPY"))
    assert "TAPWRIGHT CAFE, BERLIN Purchase 1,000,000,000,000,000" in text
    assert "Charged in all 1,000,000,000,000,000" in text


def test_a_statement_without_postings():
    """It is a sheet like the others; the first of an account has nothing before it."""
    (text,) = texts(document([], since=None))
    assert "No postings" in text
    assert "Postings up to 2027-01-05" in text
    assert "Purchases 0.00" not in text


@pytest.mark.parametrize(
    ("interest", "said"),
    [("waived", " Interest until then is waived."), ("accrues", " Interest accrues until then."), (None, "")],
)
def test_a_statement_in_relief_says_until_when_it_asks_for_nothing(interest, said):
    """And what that costs, if it is known; the line has room below the figures."""
    (text,) = texts(document([line()], relief=("2027-06-25", interest), minimum_minor=0, due_day="2027-06-25"))
    sentence = f"This statement asks for no payment: what is due has been put off until 2027-06-25.{said}"
    assert sentence in text.split("\n")
    assert "put off" not in texts(document([line()]))[0]


def test_movements_lead_from_opening_to_closing():
    """By groups; what is left is what is due in later instalments."""
    lines = [line("purchase", 120_000), line("write_off", -500, 1, "", ""), line("payment_returned", 70, 2, "", "")]
    lines += [line("reward", -3_000, 3, "", ""), line("reward_clawback", 1_000, 4, "", "")]
    closing = 10_000 + 117_570
    assert dict(moved(10_000, lines, closing)) == {
        "Purchases": 120_000,
        "Corrections by the bank": -500,
        "Payments received": 70,
        "Rewards": -2_000,
    }
    *_, last = moved(10_000, lines, closing - 110_000)
    assert last == ("Change of what is due in later instalments", -110_000)


@pytest.mark.parametrize("kind", PostingKind)
def test_every_kind_is_in_a_group(kind):
    """What the bank charges is interest, a fee, a payment or a reward that is taken back, and no correction."""
    amount = -7 if kind.sign is Sign.GIVES_BACK else 7
    ((group, total),) = moved(0, [line(kind.code, amount)], amount)
    assert total == amount
    assert not (kind.is_issuers and kind.sign is Sign.CHARGES and group == "Corrections by the bank")


def test_terms_are_said_as_they_are():
    """Each of the numbers, and both ways to count interest."""
    said = dict(
        terms_in_words(
            terms(
                rate_ppm=350,
                interest_on="unpaid",
                minimum_ppm=50_000,
                grace_days=25,
                courtesy_days=1,
                tolerance=0,
                late_fee={"ppm": 0, "min": 2_500},
                cash_fee={"ppm": 12_345, "min": 0},
                pay_order=["new", "billed", "cash", "carried", "interest", "fees"],
            ),
            "EUR",
        )
    )
    assert said == {
        "Interest": "0.035 % of what is owed at the end of each day, for cash from the day of its withdrawal on",
        "Purchases": "no interest if the statement is paid in full in time; else on what of it stayed unpaid",
        "Minimum": "what is past due, instalments, interest, fees and 5 % of the rest",
        "Payment": "25 days after the statement; up to 1 day later counts as in time",
        "Late fee": "0 %, at least 25.00, of the minimum that is not paid in time",
        "Cash fee": "1.2345 %, at least 0.00, of each withdrawal",
        "Payments pay": "in this order: new purchases, the last statement, cash, earlier statements, interest, fees",
    }
    usual = dict(terms_in_words(terms(), "EUR"))
    assert usual["Tolerance"] == "a payment counts as complete if at most 10.00 are missing"
    assert usual["Purchases"].endswith("else on all that was on it")
