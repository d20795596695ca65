"""Funding cards: issued, listed, and revealed only to the cardholder."""
