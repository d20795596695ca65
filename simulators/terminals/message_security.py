"""Message authentication of an acquirer: requests a key (0800), adds codes, and verifies them."""

from authz.iso8583.dialects.fields import Dialect
from authz.iso8583.encoding import codec
from authz.iso8583.encoding.message_authentication import MacKey, is_authentic, sealed
from authz.network.dialect_gateway import KEY_BLOCK_FIELD, NEW_KEY
from simulators.terminals.iso_link import IsoLink, NoAnswer
from simulators.terminals.messages import MessageMaker
from tokenvault.emv.keys.key_block import unwrap


class MessageSecurity:
    """One line's key. It is asked for anew with each connection."""

    def __init__(self, key: MacKey, dialect: Dialect) -> None:
        self._key = key
        self._dialect = dialect

    def sealed(self, message: codec.Message) -> codec.Message:
        """The message with its message authentication code."""
        return sealed(message, self._dialect, self._key)

    def check(self, message: codec.Message) -> None:
        """Raises: NoAnswer where the code is wrong or missing: an answer that anybody may have made is none."""
        if not is_authentic(message, codec.encode(message, self._dialect), self._dialect, self._key):
            raise NoAnswer("the answer's message authentication code is wrong")


def protect(link: IsoLink, messages: MessageMaker, key_encryption_key: bytes, algorithm: str) -> None:
    """Get a key and use it from now on. key_encryption_key: 16 bytes, shared. Raises: LinkError, KeyBlockError."""
    link.protection = None
    answer = link.exchange({**messages.management(NEW_KEY), 32: messages.merchant.acquirer})
    if KEY_BLOCK_FIELD not in answer:
        raise NoAnswer(f"the network gives no key: DE 39 is {answer.get(39)}")
    _, key = unwrap(key_encryption_key, answer[KEY_BLOCK_FIELD])
    link.protection = MessageSecurity(MacKey(algorithm, key), link.dialect)
