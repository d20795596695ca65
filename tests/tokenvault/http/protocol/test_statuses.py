"""Names of HTTP statuses: our own, and the same on every Python."""

import ast
from pathlib import Path

import pytest

from tokenvault.http.protocol.statuses import TITLES, code_of, detail_of, title_of

ROOT = Path(__file__).parents[4]
# Written down here once more, so that a change of the table is a change of what callers program against.
CODES = {
    400: "bad_request",
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    411: "length_required",
    413: "content_too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
    421: "misdirected_request",
    422: "unprocessable_content",
    426: "upgrade_required",
    431: "request_header_fields_too_large",
    500: "internal_server_error",
    501: "not_implemented",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "gateway_timeout",
    505: "http_version_not_supported",
    418: "bad_request",  # not in the table: as 400
    499: "bad_request",
    599: "internal_server_error",
}


@pytest.mark.parametrize(("status", "code"), CODES.items())
def test_codes_are_the_same_on_every_python(status, code):
    """3.11 and 3.13 call 413, 414, 416 and 422 differently; we do not."""
    assert code_of(status) == code


@pytest.mark.parametrize("status", TITLES)
def test_every_status_has_a_title_and_a_sentence(status):
    """Both are shown in the problem document."""
    assert title_of(status)[0].isupper()
    assert detail_of(status)


def test_nothing_asks_python_for_a_phrase():
    """No module of the packages takes names from `http`, whose phrases follow the interpreter."""
    for package in ("tokenvault", "authz", "simulators"):
        for path in ROOT.glob(f"{package}/**/*.py"):
            tree = ast.walk(ast.parse(path.read_text()))
            taken = [each.module for each in tree if isinstance(each, ast.ImportFrom)]
            assert "http" not in taken, path
            text = path.read_text()
            assert "HTTPStatus" not in text, path
            assert "reason_phrase" not in text, path
