"""Routers of the phone: what it shows of the account behind its token, and what its holder does there by themselves."""
