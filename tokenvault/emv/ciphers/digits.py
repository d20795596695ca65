"""Validation of digit strings for card and PIN algorithms."""

from tokenvault.emv.errors import EmvError


def check_digits(value: str, name: str, least: int, most: int) -> str:
    """Return a text of decimal digits as it came. Raises: EmvError, naming the value but never showing it."""
    if not (value.isascii() and value.isdigit() and least <= len(value) <= most):
        length = str(least) if least == most else f"{least} to {most}"
        raise EmvError(f"{name} has {length} digits")
    return value
