"""Settings of a server: flags, environment, `tapwright.toml`, and what they say of ports and connections."""
