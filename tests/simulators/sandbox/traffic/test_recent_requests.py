"""The latest HTTP requests in memory."""

import pytest

from simulators.sandbox.traffic.recent_requests import RecentRequests, shown_path
from tokenvault.callers.caller import Caller
from tokenvault.http.protocol.current_request import CurrentRequest
from tokenvault.vocabulary.errors import NotFound


def noted(count, **bounds):
    """Some that were answered."""
    requests = RecentRequests(lambda: 1.5, **bounds)
    for number in range(1, count + 1):
        request = CurrentRequest(f"req_{number}", Caller("key_1", frozenset({"issuer"}), "t7"))
        requests.note(request, requests.now_us(), 1.23456, "GET", "/v1/accounts", 200)
    return requests


def test_those_behind_a_number():
    """The oldest first, and of those that are no longer kept, none."""
    requests = noted(10, kept=4)
    assert [request.number for request in requests.behind(8)] == [9, 10]
    assert [request.number for request in requests.behind(2)] == [7, 8, 9, 10]
    assert requests.behind(10) == []
    assert requests.behind(11) == []
    assert [request.number for request in requests.newest_first()] == [10, 9, 8, 7]
    assert requests.named("req_7").milliseconds == 1.235
    with pytest.raises(NotFound):
        requests.named("req_6")


@pytest.mark.parametrize(
    ("status", "has_failed"), [(200, False), (204, False), (302, False), (400, True), (500, True), (None, True)]
)
def test_what_has_failed(status, has_failed):
    """From 400; and who was not answered at all."""
    requests = RecentRequests(lambda: 0)
    requests.note(CurrentRequest("req_1"), 0, 0.0, "GET", "/", status)
    (request,) = requests.newest_first()
    assert request.has_failed is has_failed
    assert (request.api_key, request.tenant) == (None, None)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/v1/cards/4111111111111111", "/v1/cards/****************"),
        ("/v1/tokens/tok_05F1V9D8S3KYA", "/v1/tokens/tok_05F1V9D8S3KYA"),
        ("/a\x1b[31m\n", "/a?[31m?"),
        ("/" + "x" * 500, "/" + "x" * 199),
        ("/v1/authorizations/auth_000000000001A", "/v1/authorizations/auth_000000000001A"),
    ],
)
def test_paths(path, shown):
    """Printable and short, and what may be the number of a card is masked; identifiers are not."""
    assert shown_path(path) == shown
