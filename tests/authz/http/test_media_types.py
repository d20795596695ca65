"""What an `Accept` header asks for."""

import pytest

from authz.http.media_types import JSON, PAGE, PDF, wanted


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json, text/html", JSON),
        ("text/html", PAGE),
        ("TEXT/HTML,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", PAGE),
        ("text/html;q=0.5, application/json", JSON),
        ("text/html;q=0.5, application/json;q=0.4", PAGE),
        ("text/html;q=nan, application/json;q=0", JSON),
        ("application/pdf", PDF),
        ("application/pdf;q=0.9, text/html;q=0.8", PDF),
        ("application/pdf;q=0.8, text/html; q=0.9", PAGE),
        ("application/pdf;q=0", JSON),
        (";;,,=", JSON),
    ],
)
def test_the_form_with_the_greatest_weight(accept, form):
    """JSON unless another is named and preferred."""
    assert wanted(accept, PAGE, PDF) == form


def test_only_what_is_offered():
    """A form that there is not is not given."""
    assert wanted("application/pdf", PAGE) == JSON
