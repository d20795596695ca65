"""FF1: encryption from digit strings to digit strings of the same length (NIST SP 800-38G)."""

from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher, modes

from tokenvault.emv.ciphers.block_cipher import AES_BLOCK_BYTES, aes, aes_encrypt, exclusive_or
from tokenvault.emv.errors import EmvError

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_ROUNDS = 10
DOMAIN_MIN = 1_000_000
"""Fewer texts than this could be tried one by one (SP 800-38G, revision 1)."""


def encrypt(key: bytes, tweak: bytes, text: str, radix: int = 10) -> str:
    """A text of the same length and alphabet.

    key: AES key, secret.  tweak: any bytes, public; other tweaks give other permutations.
    text: digits of the radix, 0-9 then a-z, at least as many as make `DOMAIN_MIN` texts.
    Raises: EmvError, KeyLengthError.
    """
    split = len(text) // 2
    left, right = text[:split], text[split:]
    mask = _round_function(key, tweak, _checked(text, radix), radix)
    for number in range(_ROUNDS):
        width = len(left)
        total = (int(left, radix) + mask(number, int(right, radix))) % radix**width
        left, right = right, _digits(total, radix, width)
    return left + right


def decrypt(key: bytes, tweak: bytes, text: str, radix: int = 10) -> str:
    """The inverse of `encrypt`."""
    split = len(text) // 2
    left, right = text[:split], text[split:]
    mask = _round_function(key, tweak, _checked(text, radix), radix)
    for number in range(_ROUNDS - 1, -1, -1):
        width = len(right)
        total = (int(right, radix) - mask(number, int(left, radix))) % radix**width
        left, right = _digits(total, radix, width), left
    return left + right


def _checked(text: str, radix: int) -> int:
    if not 2 <= radix <= len(_ALPHABET) or any(each not in _ALPHABET[:radix] for each in text):
        raise EmvError("the text has characters outside its alphabet")
    if radix ** len(text) < DOMAIN_MIN:
        raise EmvError("the text is too short to be encrypted")
    return len(text)


def _digits(number: int, radix: int, width: int) -> str:
    characters = []
    for _ in range(width):
        number, digit = divmod(number, radix)
        characters.append(_ALPHABET[digit])
    return "".join(reversed(characters))


def _round_function(key: bytes, tweak: bytes, length: int, radix: int) -> Callable[[int, int], int]:
    """The function from round and one half, as a number, to what is added to the other."""
    longer = length - length // 2
    number_bytes = ((radix**longer - 1).bit_length() + 7) // 8
    wanted = 4 * -(-number_bytes // 4) + 4
    fixed = bytes([1, 2, 1]) + radix.to_bytes(3, "big") + bytes([_ROUNDS, length // 2 % 256])
    fixed += length.to_bytes(4, "big") + len(tweak).to_bytes(4, "big")
    filled = tweak + bytes((-len(tweak) - number_bytes - 1) % AES_BLOCK_BYTES)

    def add(number: int, half: int) -> int:
        data = fixed + filled + bytes([number]) + half.to_bytes(number_bytes, "big")
        chained = Cipher(aes(key), modes.CBC(bytes(AES_BLOCK_BYTES))).encryptor().update(data)[-AES_BLOCK_BYTES:]
        stream = chained
        counter = 1
        while len(stream) < wanted:
            stream += aes_encrypt(key, exclusive_or(chained, counter.to_bytes(AES_BLOCK_BYTES, "big")))
            counter += 1
        return int.from_bytes(stream[:wanted], "big")

    return add
