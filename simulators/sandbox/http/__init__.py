"""Routers of the sandbox: simulations, accounts with their balances, messages, format errors."""
