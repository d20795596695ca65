"""Attackers: each does what a thief could do with what a thief can get, and says why it was refused."""
