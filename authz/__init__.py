"""Authorization engine: decides payments and remembers what it decided.

A deterministic state machine behind a journal, and the ISO 8583 network that feeds it. Knows tokens by their number and
state; refuses to know where they come from.
"""
