"""Settings of a server, read from flags, environment and `tapwright.toml`."""
