"""Customers of an issuer, and their applications for cards."""
