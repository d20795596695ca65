"""Hexadecimal input, with any spaces and line ends."""


class NotHexadecimal(ValueError):
    """A text that is not hexadecimal; the error names what is wrong."""


def bytes_of(text: str, name: str) -> bytes:
    """Bytes from hexadecimal text. name: what it should be, for the error. Raises: NotHexadecimal."""
    digits = "".join(text.split())
    if not digits:
        raise NotHexadecimal(f"{name}: there is nothing to decode")
    try:
        return bytes.fromhex(digits)
    except ValueError:
        is_odd = len(digits) % 2 != 0 and all(digit in "0123456789abcdefABCDEF" for digit in digits)
        wanted = "an even number of hexadecimal digits" if is_odd else "hexadecimal digits"
        raise NotHexadecimal(f"{name}: expected {wanted}, such as 9F36020001") from None
