"""Who sees which payments: by role and tenant, and the most where somebody has several roles."""

import pytest

from authz.payments.viewers import View, Viewer

OWN, OTHER = ("bank", "purse"), ("other", "others")


@pytest.mark.parametrize(
    ("viewer", "own", "others", "own_posting", "others_posting"),
    [
        (Viewer(), View.NOTHING, View.NOTHING, View.NOTHING, View.NOTHING),
        (Viewer(everything=True), View.ISSUER, View.ISSUER, View.ISSUER, View.ISSUER),
        (Viewer(network=True), View.MERCHANT, View.MERCHANT, View.NOTHING, View.NOTHING),
        (Viewer(issuer="bank"), View.ISSUER, View.NOTHING, View.ISSUER, View.NOTHING),
        (Viewer(wallet="purse"), View.CARDHOLDER, View.NOTHING, View.CARDHOLDER, View.NOTHING),
        (Viewer(issuer="bank", wallet="purse"), View.ISSUER, View.NOTHING, View.ISSUER, View.NOTHING),
        (Viewer(network=True, wallet="purse"), View.MERCHANT, View.MERCHANT, View.CARDHOLDER, View.NOTHING),
        (Viewer(issuer="purse", wallet="bank"), View.NOTHING, View.NOTHING, View.NOTHING, View.NOTHING),
    ],
)
def test_views(viewer, own, others, own_posting, others_posting):
    """Of a decision and of a posting, one's own and somebody else's."""
    assert viewer.view_of(*OWN, is_decision=True) is own
    assert viewer.view_of(*OTHER, is_decision=True) is others
    assert viewer.view_of(*OWN, is_decision=False) is own_posting
    assert viewer.view_of(*OTHER, is_decision=False) is others_posting


@pytest.mark.parametrize("viewer", [Viewer(issuer="bank"), Viewer(wallet="purse"), Viewer()])
def test_what_is_nobodys_is_seen_by_no_tenant(viewer):
    """An unknown token has neither issuer nor wallet."""
    assert viewer.view_of(None, None, is_decision=True) is View.NOTHING
