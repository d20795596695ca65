"""A phone: a wallet that talks to the vault over HTTP, and a card at the terminal."""
