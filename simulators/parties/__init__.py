"""Participants: a client of the issuer's API, device manufacturers, merchants, and the sandbox's constants."""
