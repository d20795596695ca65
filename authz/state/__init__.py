"""The tables of accounts, cards, tokens and transactions, and their growth."""
