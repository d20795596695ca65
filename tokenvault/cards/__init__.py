"""Accounts and funding cards: issued, listed, and revealed only to the cardholder; PINs and wrong guesses."""
