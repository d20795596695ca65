"""Offers: what accounts are given for what they buy, and what of it is taken back."""
