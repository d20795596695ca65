"""A message that somebody gives as text, to have it decoded."""

import base64
import binascii

from authz.iso8583.dialects.fields import BUILT_IN, Dialect, built_in
from authz.iso8583.dissection.dissected_message import Dissected
from simulators.message_tools.hexadecimal import NotHexadecimal, bytes_of
from simulators.sandbox.traffic.frame_recording import Line
from tokenvault.vocabulary.errors import FieldError

HEXADECIMAL, BASE64 = "hex", "base64"
"""The fields of a request that hold a message."""


def dialect_called(name: str, lines: list[Line]) -> Dialect:
    """A built-in dialect, or that of a listener, by its name. Raises: FieldError."""
    own = {line.dialect.name: line.dialect for line in lines}
    if name in own:
        return own[name]
    if name in BUILT_IN:
        return built_in(name)
    raise FieldError("dialect", f"is not one of {', '.join(sorted({*own, *BUILT_IN}))}")


def dissected(text: str, form: str, dialect: Dialect, *, is_framed: bool) -> Dissected:
    """Decode a message. form: `HEXADECIMAL` or `BASE64`.  is_framed: whether its length stands in front.

    Raises: FieldError that names the field of the message, the byte where it begins, and what is wrong.
    """
    encoded = _bytes_of(text, form)
    head = dialect.framing.length_bytes if is_framed else 0
    found = Dissected.of(encoded[head:], dialect)
    if found.refusal is not None:
        raise FieldError(form, f"as {dialect.name}: {found.refusal}")
    return found


def _bytes_of(text: str, form: str) -> bytes:
    try:
        if form == HEXADECIMAL:
            return bytes_of(text, "the message")
        encoded = base64.b64decode("".join(text.split()), validate=True)
    except NotHexadecimal as error:
        raise FieldError(form, str(error)) from None
    except (binascii.Error, ValueError):
        raise FieldError(form, "is not base64 (RFC 4648, 4)") from None
    if not encoded:
        raise FieldError(form, "there is nothing to decode")
    return encoded
