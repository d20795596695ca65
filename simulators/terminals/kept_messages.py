"""Messages as they are kept for later: JSON values, without what nobody may keep."""

from collections.abc import Mapping

from authz.iso8583.encoding import codec

_PIN_DATA = 52
"""PIN blocks, encrypted or not, are not kept once a message was answered (PCI DSS 4.0, 3.3.1.3)."""


def kept(message: codec.Message) -> dict[str, str]:
    """The fields of a message by number, as JSON objects name them."""
    return {str(number): value for number, value in message.items() if number != _PIN_DATA}


def message_of(kept_message: Mapping[str, str]) -> codec.Message:
    """The message that `kept` wrote. Raises: ValueError, AttributeError for anything else."""
    return {int(number): value for number, value in kept_message.items()}
