"""ISO 8583: field tables, a codec for any dialect, a compiled scan for the hot path, and the TCP server."""
