"""Tokens: their data, their lifecycle, and the delivery of their keys to a phone or a merchant."""
