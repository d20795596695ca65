"""Routers of the sandbox: simulations, simulated payments, accounts with their balances, messages, format errors."""
