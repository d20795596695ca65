"""Of simulators/sandbox/http/phone."""
