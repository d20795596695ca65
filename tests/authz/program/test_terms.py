"""Products and their terms: what may be said, and the rows that the kernel reads."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.program.agreement_terms import AutomaticRelief, EarlyFee, PlanOffer, Relief, ReliefCondition
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, ProgramInvalid, canonical, journaled_document, read_document
from authz.program.tables import TERMS, Bucket
from authz.program.terms import PAY_ORDER, CashFee, LateFee, Product, Terms, terms_row
from authz.vocabulary.layouts import ANY_SEGMENT

AMOUNT_MAX, PPM_MAX = 10**12, 1_000_000
AMOUNTS = ("tolerance", "late_fee.min", "cash_fee.min")
SHARES = ("rate_ppm", "minimum_ppm", "late_fee.ppm", "cash_fee.ppm", "cash_share_ppm")
READ_OF_THE_DOCUMENT = ("early_fee.ppm", "early_fee.min")
"""Terms that no row has: who agrees a plan looks them up."""

ROW_OF_THE_DEFAULTS = {
    "tolerance": 1_000, "late_fee_min": 1_000, "cash_fee_min": 1_000, "rate_ppm": 500, "minimum_ppm": 100_000,
    "late_fee_ppm": 50_000, "cash_fee_ppm": 10_000, "cash_share_ppm": 500_000, "pay_order": 0x013245,
    "grace_days": 20, "courtesy_days": 3, "keeps_paid_nights": 1, "blocks_after_missed": 2, "earlier": 0,
    "from_day": 0, "product": 1, "spare": 0, "segment": ANY_SEGMENT, "relief_value": 0, "relief_attribute": 0,
    "relief_operator": 0, "relief_months": 0, "relief_waives": 0, "spare_2": 0,
}  # fmt: skip

AUTOMATIC = {
    "relief_value": 2, "relief_attribute": 1, "relief_operator": 5, "relief_months": 3, "relief_waives": 1
}  # fmt: skip


def product(number=1, identifier="phone_card", **terms):
    """One product of a document."""
    return {"number": number, "id": identifier, "terms": terms}


def nested(path, value):
    """A field of the terms by its path: ``late_fee.min`` is a field of a field."""
    outer, _, inner = path.partition(".")
    return {outer: {inner: value} if inner else value}


def automatic(attribute="missed_dues", operator=">=", value=2, months=3, **of_relief):
    """Terms under which relief comes by itself."""
    when = {"attribute": attribute, "operator": operator, "value": value}
    return {"relief": {"automatic": {"when": when, "months": months}, **of_relief}}


def rows(*products):
    """The rows of a document with these products, each by its fields."""
    terms = compiled_program(ProgramDocument.model_validate({"products": products}), 1).terms
    assert terms.dtype == TERMS
    return [dict(zip(TERMS.names, row.item(), strict=True)) for row in terms]


def refusal(*products):
    """What is wrong with a document that has these products: the first path and its message."""
    with pytest.raises(ProgramInvalid) as refused:
        read_document(json.dumps({"products": products}))
    return refused.value.problems[0]


_WHEN = "relief.automatic.when"
BAD = [
    *((nested(path, -1), path, "greater than or equal to 0") for path in (*AMOUNTS, *SHARES, *READ_OF_THE_DOCUMENT)),
    *((nested(path, AMOUNT_MAX + 1), path, "less than or equal to 1000000000000") for path in AMOUNTS),
    *((nested(path, PPM_MAX + 1), path, "less than or equal to 1000000") for path in SHARES),
    (nested("early_fee.min", AMOUNT_MAX + 1), "early_fee.min", "less than or equal to 1000000000000"),
    (nested("early_fee.ppm", PPM_MAX + 1), "early_fee.ppm", "less than or equal to 1000000"),
    ({"early_fee": {"most": 1}}, "early_fee.most", "not permitted"),
    ({"plans": [{"months": 0, "ppm": 0}]}, "plans[0].months", "greater than or equal to 1"),
    ({"plans": [{"months": 61, "ppm": 0}]}, "plans[0].months", "less than or equal to 60"),
    ({"plans": [{"months": 3, "ppm": -1}]}, "plans[0].ppm", "greater than or equal to 0"),
    ({"plans": [{"months": 3, "ppm": PPM_MAX + 1}]}, "plans[0].ppm", "less than or equal to 1000000"),
    ({"plans": [{"months": 3}]}, "plans[0].ppm", "required"),
    ({"plans": [{"months": 3, "ppm": 1}, {"months": 3, "ppm": 2}]}, "plans", "months 3 occurs twice"),
    ({"plans": [{"months": 1 + each, "ppm": 1} for each in range(13)]}, "plans", "at most 12"),
    ({"relief": {"months_max": -1}}, "relief.months_max", "greater than or equal to 0"),
    ({"relief": {"months_max": 25}}, "relief.months_max", "less than or equal to 24"),
    ({"relief": {"interest": "paid"}}, "relief.interest", "'waived' or 'accrues'"),
    (automatic(months=0), "relief.automatic.months", "greater than or equal to 1"),
    (automatic(months=25, months_max=24), "relief.automatic.months", "less than or equal to 24"),
    (automatic(months=7), "relief", "automatic.months must be at most months_max, which is 6"),
    (automatic(months=1, months_max=0), "relief", "automatic.months must be at most months_max, which is 0"),
    (automatic("score"), f"{_WHEN}.attribute", "'missed_dues', 'owed' or 'owed_ppm'"),
    (automatic(operator="between"), f"{_WHEN}.operator", "'='"),
    (automatic(value=-1), f"{_WHEN}.value", "greater than or equal to 0"),
    (automatic(value=AMOUNT_MAX + 1), f"{_WHEN}.value", "less than or equal to 1000000000000"),
    (automatic(operator="<", value=0), _WHEN, "can never hold: the attribute is 0 to 127"),
    (automatic(operator="=", value=128), _WHEN, "never has: it is 0 to 127"),
    ({"grace_days": 0}, "grace_days", "greater than or equal to 1"),
    ({"grace_days": 29}, "grace_days", "less than or equal to 28"),
    ({"courtesy_days": -1}, "courtesy_days", "greater than or equal to 0"),
    ({"courtesy_days": 29}, "courtesy_days", "less than or equal to 28"),
    ({"grace_days": 26}, "", "grace_days + courtesy_days must be at most 28"),
    ({"grace_days": 1, "courtesy_days": 28}, "", "grace_days + courtesy_days must be at most 28"),
    ({"blocks_after_missed": -1}, "blocks_after_missed", "greater than or equal to 0"),
    ({"blocks_after_missed": 128}, "blocks_after_missed", "must be at most 127"),
    ({"interest_on": "paid"}, "interest_on", "'full' or 'unpaid'"),
    ({"pay_order": PAY_ORDER[1:]}, "pay_order", "each of fees, interest, carried, cash, billed, new once"),
    ({"pay_order": [*PAY_ORDER, "new"]}, "pay_order", "each of fees, interest, carried, cash, billed, new once"),
    ({"pay_order": ["fees", *PAY_ORDER[:-1]]}, "pay_order", "each of fees, interest, carried, cash, billed, new once"),
    ({"pay_order": ["planned", *PAY_ORDER[1:]]}, "pay_order[0]", "'fees'"),
    ({"intrest": 1}, "intrest", "not permitted"),
    ({"late_fee": {"most": 1}}, "late_fee.most", "not permitted"),
]


@pytest.mark.parametrize(("terms", "path", "message"), BAD, ids=lambda value: str(value)[:60])
def test_terms_that_are_refused(terms, path, message):
    """At their place, with what is wrong there."""
    place, told = refusal(product(2, "other"), product(**terms))
    assert place == f"products[1].terms.{path}".rstrip(".")
    assert message in told


@pytest.mark.parametrize(
    ("products", "path", "message"),
    [
        ([product(0)], "products[0].number", "greater than or equal to 1"),
        ([product(32)], "products[0].number", "less than 32"),
        ([product(identifier="Phone card")], "products[0].id", "pattern"),
        ([{"id": "x"}], "products[0].number", "required"),
        ([{"number": 1}], "products[0].id", "required"),
        ([product(3, "a"), product(2, "b"), product(3, "c")], "products", "number 3 occurs twice"),
        ([product(1, "a"), product(2, "b"), product(3, "b")], "products", "id b occurs twice"),
        ([product(number % 31 + 1, f"p{number}") for number in range(32)], "products", "at most 31"),
    ],
    ids=str,
)
def test_products_that_are_refused(products, path, message):
    """A number is 1 to 31, and numbers and names are one product's each."""
    place, told = refusal(*products)
    assert place == path
    assert message in told


def test_terms_of_which_nothing_is_said():
    """The defaults, of a product as of its fees, also where a fee is given in part."""
    assert rows({"number": 1, "id": "phone_card"}) == [ROW_OF_THE_DEFAULTS]
    assert rows(product(late_fee={"min": 7}, cash_fee={"min": 8})) == [
        ROW_OF_THE_DEFAULTS | {"late_fee_min": 7, "cash_fee_min": 8}
    ]


def test_a_bound_that_was_allowed_before_is_read_from_the_journal():
    """Up to 255 missed dues were counted once; now who has missed the most that are counted is blocked."""
    (read,) = journaled_document(
        b'{"products":[{"number":1,"id":"card","terms":{"blocks_after_missed":255}}]}'
    ).products
    assert read.terms.blocks_after_missed == 255
    assert dict(zip(TERMS.names, terms_row(read.terms, 1, ANY_SEGMENT), strict=True))["blocks_after_missed"] == 127


def test_what_may_be_agreed_where_nothing_is_said_of_it():
    """Plans of 3 to 24 months, and up to half a year of relief, which does not come by itself."""
    (read,) = journaled_document(b'{"products":[{"number":1,"id":"card"}]}').products
    assert [(offer.months, offer.ppm) for offer in read.terms.plans] == [(each, 6_000) for each in (3, 6, 12, 24)]
    assert (read.terms.early_fee.ppm, read.terms.early_fee.min) == (30_000, 1_000)
    assert (read.terms.relief.months_max, read.terms.relief.interest, read.terms.relief.automatic) == (
        6,
        "waived",
        None,
    )


@pytest.mark.parametrize(
    ("terms", "row"),
    [
        *((nested(path, AMOUNT_MAX), {path.replace(".", "_"): AMOUNT_MAX}) for path in AMOUNTS),
        *((nested(path, PPM_MAX), {path.replace(".", "_"): PPM_MAX}) for path in SHARES),
        *((nested(path, 0), {path.replace(".", "_"): 0}) for path in (*AMOUNTS, *SHARES)),
        ({"grace_days": 25}, {"grace_days": 25}),
        ({"grace_days": 28, "courtesy_days": 0}, {"grace_days": 28, "courtesy_days": 0}),
        ({"grace_days": 1, "courtesy_days": 27}, {"grace_days": 1, "courtesy_days": 27}),
        ({"interest_on": "unpaid"}, {"keeps_paid_nights": 0}),
        ({"interest_on": "full"}, {"keeps_paid_nights": 1}),
        ({"blocks_after_missed": 0}, {"blocks_after_missed": 0}),
        ({"blocks_after_missed": 127}, {"blocks_after_missed": 127}),
        ({"pay_order": ["new", "billed", "carried", "cash", "interest", "fees"]}, {"pay_order": 0x543210}),
        ({"plans": []}, {}),
        ({"early_fee": {"ppm": 1, "min": 1}}, {}),
        ({"relief": {"months_max": 24, "interest": "accrues"}}, {}),
        (automatic(), AUTOMATIC),
        (automatic(interest="accrues"), AUTOMATIC | {"relief_waives": 0}),
        (automatic(months=24, months_max=24), AUTOMATIC | {"relief_months": 24}),
        (automatic("owed", value=AMOUNT_MAX), AUTOMATIC | {"relief_attribute": 2, "relief_value": AMOUNT_MAX}),
        (automatic("owed_ppm", value=0), AUTOMATIC | {"relief_attribute": 3, "relief_value": 0}),
        *(
            (automatic(operator=operator), AUTOMATIC | {"relief_operator": number})
            for number, operator in enumerate(["=", "!=", "<", "<=", ">", ">="])
        ),
    ],
    ids=str,
)
def test_what_each_term_becomes(terms, row):
    """A field of the row, and no other changes."""
    assert rows(product(**terms)) == [ROW_OF_THE_DEFAULTS | row]


def test_rows_stand_in_order_of_the_products_numbers():
    """Whatever their order in the document."""
    given_products = [product(31, "c", rate_ppm=3), product(2, "a", rate_ppm=1), product(7, "b", rate_ppm=2)]
    assert [(row["product"], row["rate_ppm"]) for row in rows(*given_products)] == [(2, 1), (7, 2), (31, 3)]


@pytest.mark.parametrize("content", [b"{}", b'{"limits":[{"id":"x","window":"day","count_max":1}]}'])
def test_a_program_without_products(content):
    """One that was journaled before there were any has one row, which is no product's; its bytes stay the same."""
    document = journaled_document(content)
    terms = compiled_program(document, 1).terms
    assert (len(terms), set(terms[0].item())) == (1, {0})
    assert canonical(document) == content


shares = st.integers(0, PPM_MAX)
amounts = st.integers(0, AMOUNT_MAX)
any_relief = st.builds(
    Relief,
    months_max=st.integers(12, 24),
    interest=st.sampled_from(["waived", "accrues"]),
    automatic=st.none()
    | st.builds(
        AutomaticRelief,
        when=st.builds(
            ReliefCondition,
            attribute=st.sampled_from(["owed", "owed_ppm"]),
            operator=st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
            value=amounts,
        ),
        months=st.integers(1, 12),
    ),
)
any_plans = st.lists(
    st.builds(PlanOffer, months=st.integers(1, 60), ppm=shares), max_size=12, unique_by=lambda offer: offer.months
)
any_terms = st.integers(1, 28).flatmap(
    lambda grace_days: st.builds(
        Terms,
        grace_days=st.just(grace_days),
        courtesy_days=st.integers(0, 28 - grace_days),
        tolerance=amounts,
        rate_ppm=shares,
        interest_on=st.sampled_from(["full", "unpaid"]),
        minimum_ppm=shares,
        late_fee=st.builds(LateFee, ppm=shares, min=amounts),
        cash_fee=st.builds(CashFee, ppm=shares, min=amounts),
        cash_share_ppm=shares,
        blocks_after_missed=st.integers(0, 127),
        pay_order=st.permutations(PAY_ORDER),
        plans=any_plans,
        early_fee=st.builds(EarlyFee, ppm=shares, min=amounts),
        relief=any_relief,
    )
)


@given(number=st.integers(1, 31), terms=any_terms)
def test_any_terms_survive_the_journal_and_stand_in_their_row(number, terms):
    """Every value comes back from the journaled bytes, and from the row, as it was given."""
    document = ProgramDocument(products=[Product(number=number, id="x", terms=terms)])
    assert journaled_document(canonical(document)) == document
    (row,) = compiled_program(document, 1).terms
    order = [Bucket(int(row["pay_order"]) >> 4 * place & 15).name.lower() for place in range(len(PAY_ORDER))]
    assert (
        Terms(
            grace_days=row["grace_days"],
            courtesy_days=row["courtesy_days"],
            tolerance=row["tolerance"],
            rate_ppm=row["rate_ppm"],
            interest_on="full" if row["keeps_paid_nights"] else "unpaid",
            minimum_ppm=row["minimum_ppm"],
            late_fee=LateFee(ppm=row["late_fee_ppm"], min=row["late_fee_min"]),
            cash_fee=CashFee(ppm=row["cash_fee_ppm"], min=row["cash_fee_min"]),
            cash_share_ppm=row["cash_share_ppm"],
            blocks_after_missed=row["blocks_after_missed"],
            pay_order=order,
            plans=terms.plans,
            early_fee=terms.early_fee,
            relief=terms.relief,
        )
        == terms
    )
    assert (row["product"], row["segment"], int(row["pay_order"]) >> 24) == (number, ANY_SEGMENT, 0)
