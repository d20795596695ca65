"""Clients of the stream: one that shows what happens, and one that delivers events to a developer's server."""
