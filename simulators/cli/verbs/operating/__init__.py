"""Verbs of who runs a network: install, serve, explain, look after its data directory."""
