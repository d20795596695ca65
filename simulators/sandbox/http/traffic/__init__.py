"""Routers of what has gone over the wires: frames, decoded messages, format errors, HTTP requests."""
