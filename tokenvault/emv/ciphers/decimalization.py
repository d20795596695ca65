"""Decimalization of cipher text, for card verification values and PIN verification values."""


def decimal_digits_first(cipher_text: bytes, count: int) -> str:
    """The first decimal digits of the hexadecimal form, then A to F read as 0 to 5, until there are count of them."""
    text = cipher_text.hex().upper()
    decimal = "".join(character for character in text if character.isdigit())
    letters = "".join(str(int(character, 16) - 10) for character in text if character.isalpha())
    return (decimal + letters)[:count]


def by_table(cipher_text: bytes, table: str, count: int) -> str:
    """The first hexadecimal digits, each replaced by its place in a table of 16 decimal digits."""
    return "".join(table[int(character, 16)] for character in cipher_text.hex()[:count])
