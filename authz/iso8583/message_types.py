"""Message types: version, class, function and origin, one digit each (ISO 8583:1987, 4.1)."""

OWN_VERSION = "0"
"""ISO 8583:1987."""

_ASKING_FUNCTIONS = "0246"
"""Request, advice, notification, instruction: each even one is answered by the odd one after it."""


def asks_for_an_answer(message_type: str | None) -> bool:
    """Whether a message of this type may be answered: an answer never is, nor what is no message type."""
    if message_type is None or len(message_type) != 4 or not (message_type.isascii() and message_type.isdigit()):
        return False
    return message_type[1] != "0" and message_type[2] in _ASKING_FUNCTIONS


def is_of_another_version(message_type: str | None) -> bool:
    """Whether a message is not of ISO 8583:1987, so that its fields may mean anything."""
    return message_type is not None and message_type[:1] != OWN_VERSION


def answer_type(message_type: str) -> str:
    """The type of the answer: the next function, by the same origin, which was not sent before."""
    return f"{message_type[:2]}{int(message_type[2]) + 1}{int(message_type[3]) & ~1}"
