"""The tables that hold every account, card, token and transaction, and their room."""
