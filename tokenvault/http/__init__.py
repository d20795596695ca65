"""The vault's HTTP API: routers that parse a request, call one use case and show the result."""
