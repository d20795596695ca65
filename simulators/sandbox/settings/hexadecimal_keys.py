"""Keys in settings: a fixed number of bytes in hexadecimal."""

from pydantic import SecretStr


def check_key(key: SecretStr, length: int) -> SecretStr:
    """The key again, if it has this number of bytes. Raises: ValueError, which does not contain the key."""
    try:
        found = len(bytes.fromhex(key.get_secret_value()))
    except ValueError:
        found = 0
    if found != length:
        raise ValueError(f"must be {length} bytes as {2 * length} hexadecimal digits")
    return key
