"""The included programs: they are valid, and hold what their descriptions say."""

import pytest

from authz.program.compilation import compiled_program
from authz.program.document import read_document, with_offsets
from authz.program.shipped.programs import shipped_names, shipped_text
from tokenvault.reference_data.merchant_categories import is_merchant_category
from tokenvault.vocabulary.errors import NotFound

NEEDS, SCENES, SEGMENTS = 12, 55, 28
WITHOUT_SCENE = {
    "cash and money": (4829, 6010, 6011, 6012, 6050, 6051, 6211, 6540),
    "games of chance": (7800, 7801, 7802, 7995, 9406),
}
"""Categories that a scene would be wrong for: who sees a customer's needs in these does no good."""


@pytest.fixture(scope="module")
def whole_bank():
    """Its document."""
    return read_document(shipped_text("whole_bank"))


@pytest.mark.parametrize("name", shipped_names())
def test_included_programs_are_valid(name):
    """Also for the kernel."""
    compiled_program(with_offsets(read_document(shipped_text(name))), 1)


def test_a_program_that_is_not_included_is_refused():
    """Whatever the name looks like."""
    for name in ("hole_bank", "../shipped/whole_bank", ""):
        with pytest.raises(NotFound, match="included are whole_bank"):
            shipped_text(name)


def test_the_whole_bank_says_that_it_is_a_proposal(whole_bank):
    """The description that it is drawn after names four of the needs only."""
    assert whole_bank.description.startswith("A proposal")
    assert len(whole_bank.scenes) == SCENES
    assert len({each.need for each in whole_bank.scenes}) == NEEDS


def test_segments_of_the_whole_bank(whole_bank):
    """All numbers are taken; each has a condition and terms, and some have limits, rules, a desk or a portal."""
    segments = whole_bank.segments
    assert [each.number for each in segments] == [*range(1, SEGMENTS + 1)]
    assert [each.id for each in segments[:4]] == ["travel_core", "travel_key", "travel_broad", "travel_potential"]
    assert {each.id.removeprefix("need_") for each in segments[4:16]} == {each.need for each in whole_bank.scenes}
    assert all(each.when is not None for each in segments)
    assert all(any(term is not None for term in each.terms.model_dump().values()) for each in segments)
    assert {each.desk for each in segments} == {"one_to_one", "one_to_many", "circle", "mass"}
    assert len({tuple(each.portal) for each in segments}) > 5
    assert {number for limit in whole_bank.limits for number in limit.where.segments} == {17, 18, 22}
    assert [rule.applies_to.id for rule in whole_bank.rules if rule.applies_to.scope == "segment"] == ["1"]


def test_scenes_of_the_whole_bank_are_where_customers_spend(whole_bank):
    """Nine of ten merchant categories are in one; each scene has some that exist; money and gambling are in none."""
    codes = {
        each.scene: {code for code in each.codes() if is_merchant_category(f"{code:04d}")} for each in whole_bank.scenes
    }
    assert all(codes.values()), [scene for scene, known in codes.items() if not known]
    covered = set().union(*codes.values())
    known = {code for code in range(10_000) if is_merchant_category(f"{code:04d}")}
    assert len(covered) >= 0.9 * len(known)
    for kind, forbidden in WITHOUT_SCENE.items():
        assert covered.isdisjoint(forbidden), kind
