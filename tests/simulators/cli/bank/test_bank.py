"""``tapwright bank`` against a real server: what it says, and what it does to accounts."""

import json
import re

import pytest

from authz.program.shipped.programs import shipped_text
from simulators.cli.bank.phone import phone_lines
from simulators.cli.bank.tables import books_lines, dues_lines, statement_lines
from simulators.parties.issuer_client import Issuer
from simulators.sandbox.wiring import running_sandbox
from tests.authz.http.books.bank import bank_on
from tests.authz.printing.documents import texts
from tests.clock import ManualClock
from tests.conftest import settings_for
from tokenvault.reference_data.currencies import major_text


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """A bank that starts on 2026-11-24."""
    clock = ManualClock()
    settings = settings_for(tmp_path_factory.mktemp("bank") / "data")
    with running_sandbox(settings, clock) as network, bank_on(network, clock) as opened:
        yield opened


@pytest.fixture
def bank_url(bank):
    """The server that the verb speaks to."""
    return bank.network.http_url


def test_a_bill_is_paid_and_its_statement_printed(bank, told):
    """First there is none; then the newest, or that of a day; the minimum, then what is left, then nothing."""
    bank.go_to("2026-12-10")
    account, phone = bank.account()
    bank.buy(phone, 300_000)
    assert told("statement", account) == (0, f"{account} has no statement yet\n", "")
    assert told("pay", account, "minimum") == (0, "nothing is left to pay of the minimum\n", "")
    bank.go_to("2027-01-06")
    code, said, _ = told("pay", account, "0.01")
    assert code == 0
    assert re.fullmatch(r"pay_\w{13}: received 0.01 CNY; owed 2,999.99, available 17,000.01\n", said), said
    code, said, _ = told("statement", account)
    assert (code, told("statement", account, "2027-01-05")[1]) == (0, said)
    rows = [re.split(r"\s{2,}", line) for line in said.splitlines()]
    assert rows[0] == [f"statement of 2027-01-05 for {account}, CNY"]
    assert ["", "opening balance", "0.00"] in rows
    assert ["2026-12-10", "purchase", "3,000.00", "3,000.00", "<Ann's & Bob's>, BERLIN"] in rows
    assert ["", "closing balance", "3,000.00"] in rows
    assert rows[-1] == ["minimum 300.00, due by 2027-01-25; interest 0.00"]
    assert "received 299.99 CNY; owed 2,700.00" in told("pay", account, "minimum")[1]
    assert "received 2,700.00 CNY; owed 0.00" in told("pay", account, "closing")[1]
    assert told("pay", account, "closing") == (0, "nothing is left to pay of the closing\n", "")


def test_a_purchase_is_split_and_its_plan_ended(bank, told):
    """The terms say what each instalment costs, and what it costs to end them early."""
    account, phone = bank.account()
    bank.buy(phone, 120_000)
    purchase = bank.get("/v1/transactions", account_id=account)["data"][0]["id"]
    assert told("plan", account, "--months", "12") == (0, f"{account} has no statement yet\n", "")
    code, said, _ = told("plan", account, purchase, "--months", "12")
    told_of = re.fullmatch(r"(plan_\w{13}): 1,200.00 CNY in 12 instalments, with a fee of 7.20 each\n", said)
    assert (code, bool(told_of)) == (0, True), said
    plan = told_of[1]
    code, _, said = told("plan", account, purchase, "--months", "12")
    assert (code, "409 not_splittable" in said) == (1, True), said
    code, _, said = told("plan", account, purchase, "--months", "5")
    assert (code, "422 invalid_field: months" in said) == (1, True), said
    ended = f"{plan}: ended, with a fee of 36.00; {account} owes 1,236.00 CNY\n"
    assert told("end-plan", plan) == (0, ended, "")
    assert told("end-plan", plan)[0] == 1
    assert [each["resource_id"] for each in bank.get("/v1/events", type="plan.ended", limit=1)["data"]] == [plan]


def test_a_part_of_a_statement_is_split(bank, told):
    """What is split is no longer to be paid with that statement."""
    bank.go_to("2027-02-10")
    account, phone = bank.account()
    bank.buy(phone, 240_000)
    bank.go_to("2027-03-06")
    bank.post(f"/v1/accounts/{account}/adjustments", {"amount": 1})
    code, _, said = told("plan", account, "--months", "6", "--amount", "12.005")
    assert (code, said) == (2, "tapwright: --amount 12.005: CNY has 2 decimals\n")
    code, said, _ = told("plan", account, "--months", "6", "--amount", "1200")
    assert (code, "1,200.00 CNY in 6 instalments, with a fee of 7.20 each" in said) == (0, True), said
    assert bank.get(f"/v1/accounts/{account}/balance")["books"]["statement_due"] == 120_000


def test_accounts_are_relieved(bank, told):
    """One, or all with a product that owe something."""
    bank.go_to("2027-04-10")
    account, phone = bank.account()
    bank.buy(phone, 240_000)
    assert told("relieve", account, "--months", "2") == (0, f"{account}: nothing is due before 2027-06-25\n", "")
    code, _, said = told("relieve", account, "--months", "7")
    assert (code, "422 invalid_field: months" in said) == (1, True), said
    code, said, _ = told("relieve", "--product", "1", "--months", "3", "--interest", "accrues")
    assert (code, bool(re.fullmatch(r"[1-9]\d* accounts relieved\n", said))) == (0, True), said
    books = bank.get(f"/v1/accounts/{account}/balance")["books"]
    assert (books["relief_until"], books["relief_interest"]) == ("2027-07-25", "accrues")
    assert told("relieve", "--product", "1", "--segment", "9", "--months", "6")[1] == "0 accounts relieved\n"
    code, _, said = told("relieve", "--product", "1", "--months", "3", "--api-key", "tapwright-test-issuer")
    assert (code, "403 missing_scope" in said) == (1, True), said


def test_the_books_are_proved(bank, told):
    """All counters, and a sum of zero."""
    _, phone = bank.account()
    bank.buy(phone, 1_234_500)
    code, said, _ = told("books")
    assert code == 0
    assert re.search(r"^owed +[\d,]+$", said, re.MULTILINE)
    assert re.search(r"^network +-[\d,]+$", said, re.MULTILINE)
    assert re.search(r"^sum with owed +0$", said, re.MULTILINE)
    assert said.endswith("the books are in balance\n")


def test_what_a_server_refuses(bank, told):
    """One line each, and exit code 1; an amount with too many decimals is a wrong argument."""
    account, _ = bank.account()
    code, _, said = told("statement", "acct_0000000000001")
    assert (code, "404 not_found" in said) == (1, True)
    code, _, said = told("statement", account, "2020-01-05")
    assert (code, "has no statement of 2020-01-05" in said) == (1, True)
    code, _, said = told("pay", account, "99999999999")
    assert (code, "422 invalid_field: amount" in said) == (1, True)
    code, _, said = told("pay", account, "1.005")
    assert (code, said) == (2, "tapwright: AMOUNT 1.005: CNY has 2 decimals\n")
    code, _, said = told("books", "--api-key", "tapwright-test-issuer")
    assert (code, "403 missing_scope" in said) == (1, True)


def test_books_out_of_balance_are_not_overlooked():
    """The last line says so."""
    books = {"accounts": 1, "buckets": {"new": 5}, "owed": 5, "general": {"network": -4}, "sum": 1}
    assert list(books_lines(books | {"is_balanced": False}))[-1] == "THE BOOKS ARE NOT IN BALANCE"


def test_texts_of_merchants_do_not_reach_the_terminal_as_commands():
    """What cannot be printed is replaced; amounts follow their currency."""
    line = {"day": "2026-12-10", "kind": "purchase", "amount": 5, "balance": 5, "merchant_city": "BERLIN"}
    statement = dict.fromkeys(("opening", "closing", "minimum", "interest", "past_due", "later_instalments"), 5) | {
        "currency": "JPY", "day": "2027-01-05", "account_id": "acct", "due_day": "2027-01-25", "missed": 1,
        "relief_until": None, "relief_interest": None,
        "lines": [line | {"merchant_name": "\x1b[31mCAFE"}],
    }  # fmt: skip
    said = "\n".join(statement_lines(statement))
    assert "?[31mCAFE, BERLIN" in said
    assert "\x1b" not in said
    assert said.endswith("past due 5; minimums missed in a row: 1")
    for interest, words in (("waived", ", interest waived"), ("accrues", ", interest accrues"), (None, "")):
        relieved = statement | {"relief_until": "2027-06-25", "relief_interest": interest}
        assert list(statement_lines(relieved))[-1] == f"in relief until 2027-06-25{words}"
    assert [major_text(-123_456, currency) for currency in ("JPY", "EUR", "BHD")] == [
        "-123,456",
        "-1,234.56",
        "-123.456",
    ]


def test_dues_ahead_are_printed(bank, told):
    """The next statements, and what is due now; an account that was never charged has none ahead."""
    fresh, phone = bank.account()
    code, said, _ = told("dues", fresh)
    assert (code, "nothing is due\nno statement is ahead" in said) == (0, True), said
    bank.buy(phone, 300_000)
    code, said, _ = told("dues", fresh, "--months", "2", "--paid", "all")
    assert (code, len(said.splitlines())) == (0, 5), said
    assert said.splitlines()[-2].split()[2:] == ["3,000.00", "300.00", "0.00", "0.00", "0.00", "0.00"]
    assert said.splitlines()[-1].split()[2:] == ["0.00"] * 6
    code, _, said = told("dues", fresh, "--months", "25")
    assert (code, "months" in said) in ((1, True), (2, True)), said


@pytest.mark.parametrize(
    ("due_day", "left", "said"),
    [("2027-01-25", 5, "5 of 5 due by 2027-01-25"), (None, 5, "5 of 5 past due"), (None, 0, "nothing is due")],
)
def test_what_is_past_due_is_not_said_to_be_nothing(due_day, left, said):
    """Its due day has passed, and the next statement has not come."""
    dues = {"currency": "JPY", "today": "2027-01-30", "account_id": "acct", "due_day": due_day, "data": []}
    assert next(dues_lines(dues | {"minimum_due": left, "statement_due": left})).endswith(f"; {said}")


def test_a_statement_is_written_as_pdf(bank, told, tmp_path):
    """The newest, or that of a day; where there is none, no file is made."""
    bank.go_to("2027-05-10")
    account, phone = bank.account()
    bank.buy(phone, 300_000)
    file = tmp_path / "statement.pdf"
    assert told("statement", account, "--pdf", str(file)) == (0, f"{account} has no statement yet\n", "")
    assert not file.exists()
    bank.go_to("2027-06-06")
    assert told("pay", account, "0.01")[0] == 0
    code, said, _ = told("statement", account, "--pdf", str(file))
    assert (code, said) == (0, f"{file}: {file.stat().st_size:,} bytes\n")
    (text,) = texts(file.read_bytes())
    assert "2027-05-10 <Ann's & Bob's>, BERLIN Purchase 3,000.00" in text
    code, said, refused = told("statement", account, "2020-01-05", "--pdf", str(file))
    assert (code, said, "has no statement of 2020-01-05" in refused) == (1, "", True)
    assert texts(file.read_bytes()) == [text]


def test_a_program_is_activated_and_printed(bank, told, tmp_path):
    """An included one, then what was printed and changed; what is no program is refused by path and changes nothing."""
    before, file = told("program"), tmp_path / "mine.json"
    code, said, _ = told("program", "whole_bank")
    assert code == 0
    assert re.fullmatch(
        r"whole_bank is in force as version \d+: "
        r"4 products, 28 segments, 5 units, 8 offers, 55 scenes, 7 limits, 7 rules\n",
        said,
    ), said
    printed = json.loads(told("program")[1])
    assert printed["scenes"] == json.loads(shipped_text("whole_bank"))["scenes"]
    file.write_text(json.dumps(printed | {"limits": [], "scenes": [{"scene": "home"}]}))
    code, _, refused = told("program", str(file))
    assert (code, "scenes.0.need" in refused) == (1, True), refused
    no_json = ("{", "[" * 100_000, '{"test_amounts": NaN}', '{"description": "\\ud800"}')
    for text, problem in (*((each, "is not JSON: ") for each in no_json), ("[]", "is not a JSON object")):
        file.write_text(text)
        code, _, refused = told("program", str(file))
        assert (code, problem in refused) == (2, True), refused
    assert json.loads(told("program")[1]) == printed
    file.write_text(before[1])
    assert told("program", str(file))[0] == 0
    assert told("program") == before


def test_what_a_phone_shows_is_printed(bank, told):
    """From top to bottom: card, credit, bill, instalments and postings."""
    account = bank.kit.account("CNY", 2_000_000, product=1, cut_day=5)
    held = bank.post("/v1/simulations/phones", {"card_id": bank.kit.card(account)})
    code, said, _ = told("phone", held["id"])
    assert code == 0
    lines = [line.split(maxsplit=1) for line in said.splitlines()]
    assert [name for name, _ in lines] == ["card", "credit", "bill", "plans", "postings"]
    assert re.fullmatch(r"Tapwright Card \d{4}, token \d{4}: active", lines[0][1])
    assert [text for _, text in lines[1:]] == [
        "20,000.00 of 20,000.00 CNY available; 0.00 owed, 0.00 held",
        "nothing is due",
        "none",
        "none",
    ]
    bank.post("/v1/simulations/authorizations", {"token_id": held["token_id"], "amount": 5_000, "channel": "qr_code"})
    assert "50.00 held" in told("phone", held["id"])[1]
    code, _, said = told("phone", "phone_0000000000001")
    assert (code, "404 not_found" in said) == (1, True)


def test_sections_of_a_phone_as_lines():
    """A merchant's name does not reach the terminal as a command; a section that is not known is named."""
    dues = {"day": "2027-02-05", "due_day": "2027-02-25", "minimum": 1_000}
    plan = {"id": "plan_1", "left": 900, "principal": 1_200, "billed": 3, "months": 12}
    posting = {"day": "2027-01-02", "kind": "late_fee", "amount": 1_500, "merchant_name": "\x1b[2J"}
    bill = {"section": "bill", "minimum_due": 300, "statement_due": 3_000, "due_day": None, "ahead": [dues]}
    lasting = {"holdings": [{"count": 1_000, "until": "2028-12-31"}, {"count": 200, "until": "2029-12-31"}]}
    held = [
        lasting | {"unit": "points", "number": 1, "balance": 1_200},
        {"unit": None, "number": 2, "balance": -30, "holdings": [{"count": -30, "until": None}]},
    ]
    sections = [
        bill,
        bill | {"due_day": "2027-01-25", "ahead": []},
        {"section": "units", "data": held},
        {"section": "plans", "data": [plan]},
        {"section": "postings", "data": [posting]},
        {"section": "weather"},
    ]
    assert list(phone_lines({"currency": "CNY", "sections": sections})) == [
        "bill         3.00 of 30.00 CNY past due",
        "bill         2027-02-05: 10.00 will be due by 2027-02-25",
        "bill         3.00 of 30.00 CNY due by 2027-01-25",
        "units        1,200 of points, the first until 2028-12-31",
        "units        -30 of 2",
        "plans        plan_1: 9.00 of 12.00 CNY to come, 3 of 12 billed",
        "postings     2027-01-02 late fee                 15.00  ?[2J",
        "weather",
    ]


def test_work_on_many_accounts_is_waited_for(told, monkeypatch):
    """An answer that takes minutes is one: millions of accounts are relieved, or their days closed before a program."""
    patience, made = [], Issuer.__init__
    monkeypatch.setattr(
        Issuer,
        "__init__",
        lambda self, *given, **more: (patience.append(more["seconds_max"]), made(self, *given, **more))[1],
    )
    assert told("books")[0] == 0
    assert patience == [3_600]


def test_units_are_given_shown_and_redeemed(bank, told):
    """By the unit's id; what they are worth is what the account owes less."""
    program = bank.get("/v1/program")["document"]
    units = [{"number": 1, "id": "points", "price": 1, "expires_days": 30}, {"number": 2, "id": "lounge"}]
    bank.kit.issuer.call("PUT", "/v1/program", program | {"units": units})
    account, _ = bank.account()
    assert told("units", account) == (0, f"{account} holds no units\n", "")
    assert told("give", account, "86", "--unit", "points") == (0, f"{account}: 86 points\n", "")
    assert told("give", account, "2", "--unit", "lounge") == (0, f"{account}: 2 lounge\n", "")
    code, said, _ = told("redeem", account, "80", "--unit", "points")
    assert (code, said) == (0, f"{account}: 0.80 CNY for 80 points; owed -0.80\n")
    code, said, _ = told("units", account)
    assert code == 0
    assert re.fullmatch(r"points: 6 until \d{4}-\d\d-\d\d\nlounge: 2\n", said), said
    code, _, refused = told("redeem", account, "1", "--unit", "lounge")
    assert (code, "no price" in refused) == (1, True)
    for wrong in (["give", account], ["give", account, "0"], ["redeem", account, "x", "--unit", "points"]):
        assert told(*wrong)[0] == 2
