"""Calls to the vault: the caller, rate limits, and idempotency."""
