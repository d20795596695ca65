"""Answers that are not a decision: to network management, and to what cannot be decided."""

from authz.iso8583 import codec

_ECHOED = (3, 7, 11, 37, 41, 70)


def plain_response(request: codec.Message, response_code: str) -> codec.Message:
    """What tells the sender which message it answers, and DE 39."""
    echoed = {number: request[number] for number in _ECHOED if number in request}
    return {0: f"{int(request[0]) + 10:04d}", **echoed, 39: response_code}
