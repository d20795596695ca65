"""Errors of the EMV functions, one class for each reaction of a caller."""


class EmvError(ValueError):
    """Input that EMV does not allow; the text never holds a key, a PAN or a cryptogram."""


class KeyLengthError(EmvError):
    """A key whose length the algorithm does not support."""


class TlvError(EmvError):
    """Bytes that are not BER-TLV, or a data object list that cannot be filled."""


class KeyBlockError(EmvError):
    """Text that is not a key block, or a key block that was not made with this protection key."""


class CryptogramMismatch(EmvError):
    """A cryptogram that is not valid for its data."""
