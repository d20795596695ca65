"""Phones, terminals and payments that callers of the HTTP API make: real ones, on the sandbox's own ports."""
