"""Webhook signatures (Standard Webhooks): HMAC-SHA-256 over identifier, time and body, in base 64."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

AGE_SECONDS_MAX = 300
"""How far a message's time may lie from ours, either way."""

SECRET_PREFIX = "whsec_"  # noqa: S105 - how secrets begin
_SECRET_BYTES_MIN = 16
_TIME_DIGITS_MAX = 12
"""A time of more digits is none: Unix seconds have ten."""


class SignatureInvalid(Exception):
    """The message was not signed with this secret, or not now, or not under this identifier."""


def secret_bytes(secret: str) -> bytes:
    """The key in a secret, ``whsec_`` and base 64. Raises: ValueError."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError:  # not base 64, or not even ASCII
        key = b""
    if not secret.startswith(SECRET_PREFIX) or len(key) < _SECRET_BYTES_MIN:
        raise ValueError(f"must be {SECRET_PREFIX} and at least {_SECRET_BYTES_MIN} bytes in base 64")
    return key


def signed_headers(key: bytes, identifier: str, time_seconds: int, body: bytes) -> dict[str, str]:
    """The three headers of a signed message. time_seconds: Unix time."""
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(time_seconds),
        "webhook-signature": f"v1,{_signature(key, identifier, str(time_seconds), body)}",
    }


def verify_headers(key: bytes, identifier: str, time_seconds: int, body: bytes, headers: Mapping[str, str]) -> None:
    """Check a message that must carry this identifier. time_seconds: now. Raises: SignatureInvalid."""
    stamp = headers.get("webhook-timestamp", "")
    is_time = stamp.isascii() and stamp.isdigit() and len(stamp) <= _TIME_DIGITS_MAX
    if headers.get("webhook-id") != identifier:
        raise SignatureInvalid("its webhook-id is missing or that of another message")
    if not is_time:
        raise SignatureInvalid("its webhook-timestamp is missing or not a time")
    if abs(int(stamp) - time_seconds) > AGE_SECONDS_MAX:
        raise SignatureInvalid(f"its webhook-timestamp is more than {AGE_SECONDS_MAX} s from the current time")
    expected = _signature(key, identifier, stamp, body)
    offered = [part.partition(",") for part in headers.get("webhook-signature", "").split(" ")]
    if not any(
        version == "v1" and hmac.compare_digest(value.encode(errors="replace"), expected.encode())
        for version, _, value in offered
    ):
        raise SignatureInvalid("its signature is wrong")


def _signature(key: bytes, identifier: str, stamp: str, body: bytes) -> str:
    signed = f"{identifier}.{stamp}.".encode() + body
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
