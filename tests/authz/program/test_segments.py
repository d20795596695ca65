"""Segments: what may be said of them, and the terms that the kernel finds for an account in one."""

import json

import pytest

from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument, ProgramInvalid, canonical, journaled_document, read_document
from authz.program.segments import Segment, laid_over, terms_in
from authz.program.tables import TERMS
from authz.program.terms import Terms
from authz.vocabulary.layouts import ANY_SEGMENT

CARD = {"number": 1, "id": "phone_card", "terms": {"rate_ppm": 400, "grace_days": 20, "courtesy_days": 3}}
PLAIN = {"number": 2, "id": "plain_card"}
CHANGED = {
    "grace_days": 25,
    "courtesy_days": 0,
    "tolerance": 0,
    "rate_ppm": 0,
    "interest_on": "unpaid",
    "minimum_ppm": 50_000,
    "late_fee": {"ppm": 0, "min": 0},
    "cash_fee": {"ppm": 0, "min": 0},
    "cash_share_ppm": 0,
    "blocks_after_missed": 0,
    "pay_order": ["new", "billed", "cash", "carried", "interest", "fees"],
    "plans": [],
    "early_fee": {"ppm": 0, "min": 0},
    "relief": {"months_max": 12},
}
"""Each of the terms as no product has it that says nothing."""


def segment(number=1, identifier="core", **more):
    """One segment of a document."""
    return {"number": number, "id": identifier, **more}


def rows(segments, products=(CARD,)):
    """The rows of terms of a document, each by its fields."""
    document = ProgramDocument.model_validate({"products": products, "segments": segments})
    return [dict(zip(TERMS.names, row.item(), strict=True)) for row in compiled_program(document, 1).terms]


def refusal(*segments, products=(CARD,)):
    """The problems of a document, each with its path."""
    with pytest.raises(ProgramInvalid) as refused:
        read_document(json.dumps({"products": products, "segments": segments}))
    return refused.value.problems


def test_every_term_can_be_different():
    """The list above names all that there are."""
    assert set(CHANGED) == set(Terms.model_fields)
    terms = laid_over(Terms(), Segment.model_validate(segment(terms=CHANGED)))
    assert terms == Terms.model_validate(CHANGED)


@pytest.mark.parametrize("name", CHANGED)
def test_what_is_left_out_is_as_the_product_says(name):
    """A segment that changes one of the terms leaves all others as they are."""
    own = Terms(rate_ppm=400, grace_days=21)
    terms = laid_over(own, Segment.model_validate(segment(terms={name: CHANGED[name]})))
    assert terms == own.model_copy(update={name: getattr(Terms.model_validate(CHANGED), name)})


def test_a_term_that_is_as_by_default_lies_over_a_product_that_says_otherwise():
    """Also after the program was journaled, which leaves out what is as by default."""
    segments = [segment(terms={"rate_ppm": 500, "late_fee": {}})]
    products = [CARD | {"terms": {"rate_ppm": 400, "late_fee": {"ppm": 0, "min": 0}}}]
    document = read_document(json.dumps({"products": products, "segments": segments}))
    for each in (document, journaled_document(canonical(document))):
        terms = terms_in(each.products, each.segments, 1, 1)
        assert (terms.rate_ppm, terms.late_fee.min) == (500, 1_000)
        assert terms_in(each.products, each.segments, 1, 2).rate_ppm == 400


def test_a_segment_has_a_row_for_each_product():
    """One without terms of its own has none."""
    found = rows([segment(3, "b", terms={"grace_days": 25}), segment(7, "c")], [PLAIN, CARD])
    named = [(row["product"], row["segment"], row["rate_ppm"], row["grace_days"]) for row in found]
    assert named == [(1, ANY_SEGMENT, 400, 20), (1, 3, 400, 25), (2, ANY_SEGMENT, 500, 20), (2, 3, 500, 25)]


@pytest.mark.parametrize(
    ("wrong", "path", "message"),
    [
        ({"number": 0}, "segments[0].number", "greater than or equal to 1"),
        ({"number": 29}, "segments[0].number", "less than 29"),
        ({"id": "No Name"}, "segments[0].id", "pattern"),
        ({"desk": "nobody"}, "segments[0].desk", "'one_to_one', 'one_to_many', 'mass' or 'circle'"),
        ({"portal": ["bill", "bill"]}, "segments[0].portal", "contains 'bill' twice"),
        ({"portal": ["A b"]}, "segments[0].portal[0]", "pattern"),
        ({"colour": 1}, "segments[0].colour", "not permitted"),
        ({"terms": {"colour": 1}}, "segments[0].terms.colour", "not permitted"),
        ({"terms": {"grace_days": 29}}, "segments[0].terms.grace_days", "less than or equal to 28"),
        ({"terms": {"late_fee": {"min": -1}}}, "segments[0].terms.late_fee.min", "greater than or equal to 0"),
        ({"terms": {"pay_order": ["new"]}}, "segments[0].terms.pay_order", "must contain each of"),
        ({"terms": {"blocks_after_missed": 128}}, "segments[0].terms.blocks_after_missed", "at most 127"),
        (
            {"terms": {"plans": [{"months": 3, "ppm": 1}, {"months": 3, "ppm": 2}]}},
            "segments[0].terms.plans",
            "months 3 occurs twice",
        ),
        (
            {"terms": {"grace_days": 26}},
            "document",
            "segments: core with the product phone_card: grace_days + courtesy_days must be at most 28",
        ),
    ],
)
def test_what_is_wrong_with_a_segment_is_said_where_it_is(wrong, path, message):
    """The path in the document, and what is wrong there."""
    ((where, said),) = refusal(segment() | wrong)
    assert where == path
    assert message in said


@pytest.mark.parametrize(("second", "twice"), [(segment(1, "other"), "number 1"), (segment(2, "core"), "id core")])
def test_numbers_and_names_differ(second, twice):
    """Two segments are two."""
    assert refusal(segment(), second) == [("segments", f"{twice} occurs twice")]


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ({"attribute": "amount", "operator": ">", "value": 1}, "amount is not one of product, missed_dues"),
        ({"attribute": "segment", "operator": "=", "value": 1}, "segment is not one of product, missed_dues"),
        (
            {"not": {"attribute": "count_day", "operator": ">", "value": 1, "of": "card"}},
            "count_day must be of the account, not of card",
        ),
        (
            {"attribute": "count_day", "operator": ">", "value": 1, "of": "segment"},
            "count_day must be of the account, not of segment",
        ),
        (
            {"attribute": "count_day", "operator": ">", "value": 1, "where": {"segments": [1]}},
            "count_day: where must not name segments",
        ),
    ],
)
def test_a_condition_asks_of_the_account_alone(when, message):
    """Not of a transaction, of a card, or of the segment that follows from it."""
    ((where, said),) = refusal(segment(when=when))
    assert (where, message in said) == ("segments[0].when", True)


def test_a_condition_names_scenes_and_needs_that_there_are():
    """As one of a rule does."""
    when = {"attribute": "amount_year", "operator": ">", "value": 1, "where": {"needs": ["travel"]}}
    assert refusal(segment(when=when)) == [("document", "where: no scene serves a need 'travel'")]
    of_account = {"attribute": "account_age", "operator": "<", "value": 0}
    ((where, said),) = refusal(segment(when=of_account))
    assert where.startswith("segments[0].when")
    assert "can never hold" in said
