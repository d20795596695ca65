"""Entries of the stream as people read them: one line each."""

from collections.abc import Callable, Iterable
from typing import Any

from simulators.listening.stream_client import Entry
from tokenvault.reference_data.currencies import amount_text


def line_of(entry: Entry) -> str:
    """One line: when, what, and what matters of it."""
    return printable(_WORDS.get(entry.event, _other)(entry.data))


def printable(words: Iterable[str]) -> str:
    """Words as one line. What others have said may be anything, and a console obeys some characters."""
    return "".join(each if each.isprintable() else "?" for each in "  ".join(filter(None, words)))


def clock_time(text: str) -> str:
    """The time of day in an RFC 3339 time."""
    return text.partition("T")[2].rstrip("Z")[:12]


def _decision(data: dict[str, Any]) -> list[str]:
    return [
        clock_time(data["decided_at"]),
        "decision",
        data["id"],
        f"{data['response_code']} {data['reason']}",
        amount_text(data["amount"], data["currency"]),
        f"{data['operation']}, {data['channel']}",
        data["merchant"],
    ]


def _event(data: dict[str, Any]) -> list[str]:
    return [clock_time(data["created_at"]), "event", data["type"], data["resource_id"], data["id"]]


def _message(data: dict[str, Any]) -> list[str]:
    return [clock_time(data["created_at"]), "message", data["method"], data["recipient"], data["text"]]


def _clock(data: dict[str, Any]) -> list[str]:
    return [clock_time(data["now"]), "clock", data["now"], "frozen" if data["frozen"] else ""]


def _figures(data: dict[str, Any]) -> list[str]:
    return ["figures", *(f"{name} {value}" for name, value in data.items())]


def _gap(data: dict[str, Any]) -> list[str]:
    topic = data.get("topic", "decisions")
    where = ": GET /v1/authorizations has them" if topic == "decisions" else ""
    return ["gap", f"{topic.replace('_', ' ')} from {data['from']} to {data['to']} are left out{where}"]


def request_words(data: dict[str, Any]) -> list[str]:
    """An HTTP request and its outcome."""
    outcome = str(data["status"] or "no answer")
    return [
        clock_time(data["time"]),
        "http",
        f"{data['method'] or '?'} {data['path'] or '?'}",
        f"{outcome} {data['code']}" if data["code"] else outcome,
        f"{data['milliseconds']:.1f} ms",
        data["api_key"] or "no key",
        data["id"],
    ]


def undecided_words(data: dict[str, Any]) -> list[str]:
    """An ISO 8583 message that was answered without a decision."""
    sentence = data["sentence"] or (f"DE 70 {data['network_code']}" if data["network_code"] else "")
    return [
        clock_time(data["time"]),
        "iso",
        f"{data['message_type'] or '????'} {data['stan'] or '??????'}",
        f"{data['response_code'] or 'no answer'} {data['reason']}",
        f"{sentence} (at byte {data['offset']})" if data["offset"] is not None else sentence,
        data["peer"],
    ]


def _other(data: dict[str, Any]) -> list[str]:
    return [str(data)]


_WORDS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "decision": _decision,
    "event": _event,
    "message": _message,
    "clock": _clock,
    "figures": _figures,
    "gap": _gap,
    "request": request_words,
    "undecided_message": undecided_words,
}
