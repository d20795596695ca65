"""Token vault: issues device-bound virtual card tokens and guards what they stand for.

Owns funding cards, devices, tokens and their keys. Refuses to know how a payment is decided: what the engine must hear
leaves through the outbox.
"""
