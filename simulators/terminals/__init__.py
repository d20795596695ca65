"""Terminals of all kinds: they read phones, speak ISO 8583 to the network, and print receipts."""
