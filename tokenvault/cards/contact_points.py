"""Contact points of a cardholder: sealed at rest, shown masked. Pure."""

import re
from enum import StrEnum

from tokenvault.vocabulary.errors import FieldError


class VerificationMethod(StrEnum):
    """How the issuer makes sure that the cardholder is the one who asks (identification and verification, ID&V)."""

    TEXT_MESSAGE = "text_message"
    E_MAIL = "e_mail"
    IN_APP = "in_app"
    CALL_CENTRE = "call_centre"


CODE_METHODS = (VerificationMethod.TEXT_MESSAGE, VerificationMethod.E_MAIL)
"""The methods that send a one-time code; with the others the issuer itself reports the verification."""

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_E_MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,180}\.[^@\s.]{2,}")


def check_contact(method: VerificationMethod, value: str) -> None:
    """Raise FieldError unless a value is a contact of this kind; it is never shown."""
    if method is VerificationMethod.TEXT_MESSAGE and not _PHONE.fullmatch(value):
        raise FieldError(
            "contact_points.text_message", "must be a telephone number such as +4915123456789 (ITU-T E.164)"
        )
    if method is VerificationMethod.E_MAIL and not _E_MAIL.fullmatch(value):
        raise FieldError("contact_points.e_mail", "must be an e-mail address")


def masked(method: VerificationMethod, value: str) -> str:
    """So much of a contact as its owner needs to recognize it."""
    if method is VerificationMethod.E_MAIL:
        name, _, domain = value.partition("@")
        return f"{name[0]}***@{domain}"
    return f"{value[:3]}{'*' * (len(value) - 5)}{value[-2:]}"
