"""The stream as a log: lines, and which of them are shown."""

import pytest

from authz.vocabulary.commands import Kind
from simulators.listening.log_lines import MESSAGE_TYPES, LogFilter, log_line
from simulators.listening.stream_client import Entry

DECISION = {
    "id": "auth_000000000001A",
    "kind": "authorization_request",
    "decided_at": "2026-11-24T10:15:00.123456Z",
    "response_code": "51",
    "approved": False,
    "reason": "insufficient_funds",
    "amount": 1250,
    "currency": "EUR",
    "stan": "000123",
    "terminal": "TERM\x1b001",
}
REQUEST = {
    "id": "req_04M2Q8R6T1V9X",
    "time": "2026-11-24T10:15:00.5Z",
    "method": "GET",
    "path": "/v1/nothing",
    "status": 404,
    "code": "not_found",
    "milliseconds": 3.14159,
    "api_key": "key_1",
}
UNDECIDED = {
    "time": "2026-11-24T10:15:00Z",
    "peer": "127.0.0.1:50412",
    "reason": "format_error",
    "message_type": "0100",
    "stan": None,
    "network_code": None,
    "response_code": "30",
    "field": 7,
    "offset": 30,
    "sentence": "DE 7 has an impossible date",
}
ECHO = UNDECIDED | {
    "reason": "network_management", "message_type": "0800", "stan": "000007", "network_code": "301",
    "response_code": "00", "field": None, "offset": None, "sentence": None,
}  # fmt: skip
UNREADABLE = UNDECIDED | {
    "message_type": None,
    "response_code": None,
    "offset": 0,
    "sentence": "the message type is cut off",
}


@pytest.mark.parametrize(
    ("event", "data", "line"),
    [
        (
            "decision", DECISION,
            "10:15:00.123  iso  0100 000123  51 insufficient_funds  12.50 EUR  TERM?001  auth_000000000001A",
        ),
        ("request", REQUEST, "10:15:00.5  http  GET /v1/nothing  404 not_found  3.1 ms  key_1  req_04M2Q8R6T1V9X"),
        (
            "request", REQUEST | {"status": 200, "code": None, "api_key": None},
            "10:15:00.5  http  GET /v1/nothing  200  3.1 ms  no key  req_04M2Q8R6T1V9X",
        ),
        (
            "request", REQUEST | {"status": None, "code": None, "method": None, "path": None},
            "10:15:00.5  http  ? ?  no answer  3.1 ms  key_1  req_04M2Q8R6T1V9X",
        ),
        (
            "undecided_message", UNDECIDED,
            "10:15:00  iso  0100 ??????  30 format_error  DE 7 has an impossible date (at byte 30)  127.0.0.1:50412",
        ),
        (
            "undecided_message", UNREADABLE,
            "10:15:00  iso  ???? ??????  no answer format_error  the message type is cut off (at byte 0)"
            "  127.0.0.1:50412",
        ),
        ("undecided_message", ECHO, "10:15:00  iso  0800 000007  00 network_management  DE 70 301  127.0.0.1:50412"),
        ("gap", {"topic": "requests", "from": "1", "to": "9"}, "gap  requests from 1 to 9 are left out"),
    ],
)  # fmt: skip
def test_one_line_each(event, data, line):
    """When, which side, what, and how it ended; no character that a console obeys."""
    assert log_line(Entry("d1", event, data)) == line


@pytest.mark.parametrize(
    ("event", "data", "status", "has_failed"),
    [
        ("decision", DECISION, "51", True),
        ("decision", DECISION | {"approved": True, "response_code": "10"}, "10", False),
        ("request", REQUEST, "404", True),
        ("request", REQUEST | {"status": 399}, "399", False),
        ("request", REQUEST | {"status": 400}, "400", True),
        ("request", REQUEST | {"status": None}, "no", True),
        ("undecided_message", UNDECIDED, "30", True),
        ("undecided_message", ECHO, "00", False),
        ("undecided_message", UNREADABLE, "no", True),
    ],
)
def test_filters(event, data, status, has_failed):
    """By status, by whether something went wrong, and by both."""
    entry = Entry("d1", event, data)
    assert LogFilter().chooses(entry)
    assert LogFilter(errors_only=True).chooses(entry) is has_failed
    assert not LogFilter(frozenset({"99"})).chooses(entry)
    if status != "no":
        assert LogFilter(frozenset({"99", status})).chooses(entry)
        assert LogFilter(frozenset({status}), errors_only=True).chooses(entry) is has_failed


def test_what_is_missing_is_always_told():
    """Whoever looks for errors wants to know that some may be missing."""
    assert LogFilter(frozenset({"51"}), errors_only=True).chooses(Entry("d1", "gap", {}))


def test_every_kind_of_message_has_a_type():
    """Those of the messages that make decisions."""
    names = {kind.name.lower() for kind in Kind}
    assert set(MESSAGE_TYPES) <= names
