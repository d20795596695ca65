"""Terms as they are read: those of the day, as the kernel finds them."""

from datetime import date

from authz.state.account_terms import terms_of_account
from authz.vocabulary.commands import Kind
from tests.authz.bank import Bank
from tests.authz.commands import set_account
from tests.authz.state.test_account_books import ACCOUNT, PRODUCTS, ask


def test_terms_of_a_day():
    """Those that held when it began: changed ones hold from the next day, and what no program has is the default."""
    bank = Bank(products=[PRODUCTS[0] | {"terms": {"rate_ppm": 400}}])
    bank.send(set_account(4, product=1, cut_day=5))
    ask(bank, Kind.ADJUST, "2026-12-10", amount_minor=1)
    bank.use(products=[PRODUCTS[0] | {"terms": {"rate_ppm": 300}}])

    def rate(day, product=1, account=ACCOUNT):
        return int(terms_of_account(bank.state, account, product, date.fromisoformat(day))["rate_ppm"])

    assert [rate(f"2026-12-{day}") for day in ("01", "10", "11", "31")] == [400, 400, 300, 300]
    assert (rate("2026-12-11", product=9), rate("2026-12-11", account=999)) == (500, 300)


def test_who_reads_while_the_program_is_switched_finds_what_there_was():
    """A thread has taken the state, and reads it after the switch: further terms have rows that its table has not."""
    bank = Bank(products=[PRODUCTS[0] | {"terms": {"rate_ppm": 400}}])
    bank.send(set_account(4, product=1, cut_day=5))
    taken = bank.state
    bank.use(products=[PRODUCTS[0] | {"terms": {"rate_ppm": 300}}])
    terms = [terms_of_account(state, ACCOUNT, 1, date(2040, 1, 1)) for state in (taken, bank.state)]
    assert [int(each["rate_ppm"]) for each in terms] == [400, 300]
