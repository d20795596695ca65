"""Identity documents: found again, never shown, and what the simulated bureau says of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokenvault.customers.applicants import document
from tokenvault.customers.identity import SCORES, DocumentKind, bureau_score, forced_outcome, identity_digest


@pytest.mark.parametrize("same", ["E12345678", "e12345678", "E 1234-5678", " E1234 5678"])
def test_a_document_is_found_however_it_is_written(vault, same):
    """Spaces, hyphens and capitals are no part of it."""
    assert identity_digest(vault.keys, "ada", document(same)) == identity_digest(
        vault.keys, "ada", document("E12345678")
    )
    assert bureau_score(vault.keys, document(same)) == bureau_score(vault.keys, document("E12345678"))


def test_other_documents_are_others(vault):
    """So is the same document to another issuer, while the bureau says the same of it to everybody."""
    others = [
        document("E12345679"),
        document("E12345678", country="276"),
        document("E12345678", kind=DocumentKind.NATIONAL_ID),
    ]
    own = identity_digest(vault.keys, "ada", document("E12345678"))
    assert own not in [identity_digest(vault.keys, "ada", other) for other in others]
    assert own != identity_digest(vault.keys, "bob", document("E12345678"))


def test_a_document_does_not_show_its_number():
    """In no log by accident."""
    assert "E12345678" not in repr(document("E12345678"))


def test_scores_are_spread(vault):
    """Over the whole range."""
    scores = {bureau_score(vault.keys, document(f"E{number:08d}")) for number in range(3_000)}
    assert scores <= set(SCORES)
    assert min(scores) < 310
    assert max(scores) > 840


@pytest.mark.parametrize(
    ("number", "outcome", "score"),
    [
        ("force_approved", "approved", None),
        ("force_in_review_2", "in_review", None),
        ("FORCE_DECLINED", "declined", None),
        ("force_score_720", None, 720),
        ("force_score_580_somebody", None, 580),
        ("force_score_100", None, 300),
        ("force_score_999", None, 850),
        ("force_approvedly", None, None),
        ("E12345678", None, None),
    ],
)
def test_what_tests_force(vault, number, outcome, score):
    """An outcome or a score, for as many customers as a test needs."""
    assert forced_outcome(document(number)) == outcome
    assert score is None or bureau_score(vault.keys, document(number)) == score


@given(st.text(max_size=64))
def test_any_number_has_a_score(number):
    """Whatever it is made of."""

    class Keys:
        def key(self, _purpose, _version):
            return bytes(32)

    assert bureau_score(Keys(), document(number)) in SCORES
