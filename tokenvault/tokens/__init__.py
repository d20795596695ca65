"""Tokens: what they are, where they may be used, how they change, and how their keys reach a phone or a merchant."""
