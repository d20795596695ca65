"""Of authz/http/phone."""
