"""The vault's HTTP face: routers that parse, call one use case and show the result."""
