"""Calls to the vault: API keys, rate limits, and idempotency."""
