"""What the EMV functions refuse, one class for each reaction a caller can have."""


class EmvError(ValueError):
    """Input that EMV does not allow; the text never holds a key, a PAN or a cryptogram."""


class KeyLengthError(EmvError):
    """A key whose length its algorithm does not take."""


class TlvError(EmvError):
    """Bytes that are not BER-TLV, or a data object list that cannot be filled."""


class KeyBlockError(EmvError):
    """Text that is no key block, or one that this protection key did not make."""


class CryptogramMismatch(EmvError):
    """A cryptogram that does not belong to the data it came with."""
