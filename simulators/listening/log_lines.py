"""Entries of the stream as a log: HTTP requests and ISO 8583 messages, one line each, with their outcome."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulators.listening.entry_lines import clock_time, line_of, printable
from simulators.listening.stream_client import Entry
from tokenvault.reference_data.currencies import amount_text

HTTP, ISO = frozenset({"requests"}), frozenset({"decisions", "undecided_messages"})
"""The topics of the stream that tell of each side."""

MESSAGE_TYPES = {
    "authorization_request": "0100",
    "authorization_advice": "0120",
    "financial_request": "0200",
    "financial_advice": "0220",
    "reversal_request": "0400",
    "reversal_advice": "0420",
}
_ACCEPTED = "00"
_FAILED = 400


@dataclass(frozen=True)
class LogFilter:
    """Which entries are shown. statuses: HTTP statuses and DE 39s; all if empty.  errors_only: none that went well."""

    statuses: frozenset[str] = frozenset()
    errors_only: bool = False

    def chooses(self, entry: Entry) -> bool:
        """Whether an entry is shown; that something is missing always is."""
        if entry.event not in _OUTCOMES:
            return True
        status, has_failed = _OUTCOMES[entry.event](entry.data)
        return (not self.statuses or status in self.statuses) and (has_failed or not self.errors_only)


def log_line(entry: Entry) -> str:
    """One line: when, which side, what, and how it ended."""
    return printable(_decision_words(entry.data)) if entry.event == "decision" else line_of(entry)


def _decision_words(data: dict[str, Any]) -> list[str]:
    return [
        clock_time(data["decided_at"]),
        "iso",
        f"{MESSAGE_TYPES.get(data['kind'], data['kind'])} {data['stan']}",
        f"{data['response_code']} {data['reason']}",
        amount_text(data["amount"], data["currency"]),
        data["terminal"],
        data["id"],
    ]


def _of_request(data: dict[str, Any]) -> tuple[str, bool]:
    status = data["status"]
    return str(status), status is None or status >= _FAILED


def _of_decision(data: dict[str, Any]) -> tuple[str, bool]:
    return data["response_code"], not data["approved"]


def _of_undecided(data: dict[str, Any]) -> tuple[str, bool]:
    return str(data["response_code"]), data["response_code"] != _ACCEPTED


_OUTCOMES: dict[str, Callable[[dict[str, Any]], tuple[str, bool]]] = {
    "request": _of_request,
    "decision": _of_decision,
    "undecided_message": _of_undecided,
}
"""The status of an entry, and whether something went wrong, by its event."""
