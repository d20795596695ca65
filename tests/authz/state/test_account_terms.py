"""Terms as they are read: those of the day, as the kernel finds them."""

from datetime import date

from authz.state.account_terms import terms_in_segment
from authz.state.tables import Counter
from authz.vocabulary.commands import Kind
from tests.authz.bank import Bank
from tests.authz.commands import set_account
from tests.authz.state.test_account_books import PRODUCTS, ask


def test_terms_of_a_day():
    """Those that held when it began: changed ones hold from the next day, and what no program has is the default."""
    bank = Bank(products=[PRODUCTS[0] | {"terms": {"rate_ppm": 400}}])
    bank.send(set_account(4, product=1, cut_day=5))
    ask(bank, Kind.ADJUST, "2026-12-10", amount_minor=1)
    bank.use(products=[PRODUCTS[0] | {"terms": {"rate_ppm": 300}}])

    def rate(day, product=1):
        return int(terms_in_segment(bank.state, product, 0, date.fromisoformat(day))["rate_ppm"])

    assert [rate(f"2026-12-{day}") for day in ("01", "10", "11", "31")] == [400, 400, 300, 300]
    assert rate("2026-12-11", product=9) == 500


def test_who_reads_while_the_program_is_switched_finds_what_there_was():
    """A thread has taken the state, and reads it after the switch: further terms have rows that its table has not."""
    bank = Bank(products=[PRODUCTS[0] | {"terms": {"rate_ppm": 400}}])
    bank.send(set_account(4, product=1, cut_day=5))
    taken = bank.state
    bank.use(products=[PRODUCTS[0] | {"terms": {"rate_ppm": 300}}])
    terms = [terms_in_segment(state, 1, 0, date(2040, 1, 1)) for state in (taken, bank.state)]
    assert [int(each["rate_ppm"]) for each in terms] == [400, 300]


def test_terms_in_a_segment():
    """They lie over those of the product, and where they change they hold from the next day on."""
    segments = [{"number": 3, "id": "core", "terms": {"rate_ppm": 100}}]
    products = [PRODUCTS[0] | {"terms": {"rate_ppm": 400}}]
    bank = Bank(products=products, segments=segments)
    bank.send(set_account(4, product=1, cut_day=5))
    ask(bank, Kind.ADJUST, "2026-12-10", amount_minor=1)

    def rates(segment):
        days = (date(2026, 12, 10), date(2026, 12, 11))
        return [int(terms_in_segment(bank.state, 1, segment, day)["rate_ppm"]) for day in days]

    assert (rates(0), rates(3)) == ([400, 400], [100, 100])
    bank.use(products=products, segments=[segments[0] | {"terms": {"rate_ppm": 200}}])
    assert (rates(0), rates(3)) == ([400, 400], [100, 200])
    bank.use(products=products)
    assert (rates(0), rates(3)) == ([400, 400], [100, 400])


def test_segments_with_the_same_terms_share_a_row():
    """A program with many of them does not fill the table."""
    product = PRODUCTS[0] | {"terms": {"rate_ppm": 400}}
    bank = Bank(products=[product])
    before = int(bank.state.counters[Counter.TERMS])
    segments = [{"number": each, "id": f"s{each}", "terms": {"rate_ppm": 400}} for each in range(1, 29)]
    bank.use(products=[product], segments=segments)
    assert bank.state.counters[Counter.TERMS] == before
    bank.use(products=[product], segments=[each | {"terms": {"rate_ppm": 300}} for each in segments[:2]])
    assert bank.state.counters[Counter.TERMS] == before + 2
