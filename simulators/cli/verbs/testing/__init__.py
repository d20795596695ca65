"""Verbs of who tests payments: pay, attack, play scenarios, look at messages, measure."""
