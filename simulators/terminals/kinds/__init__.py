"""Kinds of terminals, one file each: what each does in addition to what every terminal does."""
