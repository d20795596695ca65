"""A phone: a wallet that speaks to the vault over HTTP, and a card at the terminal."""
