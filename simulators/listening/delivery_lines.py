"""Webhook deliveries as people read them: one line each, whatever was sent."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from simulators.listening.entry_lines import printable
from tokenvault.reference_data.currencies import amount_text

_CHARACTERS_MAX = 200
"""Of a line's part that a sender chooses: an honest one is far shorter."""
_AMOUNT_MAX = 10**15


def delivery_line(received_at: float, body: bytes, verdict: str) -> str:
    """One line: when it came (UTC), its type, what it tells of in short, and the verdict on its signature.

    received_at: Unix seconds.  body: of any sender, so anything may be in it.
    """
    when = datetime.fromtimestamp(received_at, UTC).strftime("%H:%M:%S")
    told = "  ".join(_words_of(_json_in(body))) if body else ""
    return printable([when, told[:_CHARACTERS_MAX], verdict[:_CHARACTERS_MAX]])


def json_line(body: bytes) -> str:
    """A body as one line of JSON; a string of its text where it is none."""
    said = _json_in(body)
    return json.dumps(body.decode(errors="replace") if said is None else said)


def _json_in(body: bytes) -> Any:
    """What a body says as JSON (RFC 8259); None where it is no JSON."""
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _words_of(event: Any) -> Iterator[str]:
    """An event's type, resource and content."""
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        yield "not an event"
        return
    yield event["type"]
    if isinstance(event.get("resource_id"), str):
        yield event["resource_id"]
    if isinstance(event.get("data"), dict):
        yield from _content_of(event["data"])


def _content_of(data: dict[str, Any]) -> Iterator[str]:
    """Why, how much and where: as issuers, networks and wallets are told it, whichever of that is there."""
    for name in ("reason", "outcome", "state"):
        if isinstance(data.get(name), str):
            yield data[name]
            break
    amount, currency = data.get("amount", data.get("released_amount")), data.get("currency")
    if isinstance(amount, int) and abs(amount) < _AMOUNT_MAX and isinstance(currency, str):
        yield amount_text(amount, currency)
    merchant = data.get("merchant")
    merchant_name = merchant.get("name") if isinstance(merchant, dict) else data.get("merchant_name")
    if isinstance(merchant_name, str):
        yield merchant_name
