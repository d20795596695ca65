"""Routers of the sandbox itself: what it simulates, and views that join the vault's words with the engine's."""
