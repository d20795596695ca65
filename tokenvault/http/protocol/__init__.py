"""What holds for every call over HTTP: hosts, methods, API keys, idempotency, errors."""
