"""The code that a phone shows and a merchant scans: token data with a cryptogram (EMVCo QR CPM v1.1)."""

from tokenvault.emv.encodings import qr, tlv
from tokenvault.emv.errors import EmvError
from tokenvault.vocabulary.errors import FieldError
from tokenvault.vocabulary.pan import Track2

UNKNOWN_TO_THE_PHONE = {
    "9F02": bytes(6), "9F03": bytes(6), "9F1A": bytes(2), "95": bytes(5), "5F2A": bytes(2), "9A": bytes(3),
    "9C": bytes(1),
}  # fmt: skip
"""The values that the phone signs in place of a terminal's: the code is shown before there is an amount."""

_APPLICATION, _SIGNED = "61", "63"
_SIGNED_TAGS = ("9F26", "9F27", "9F10", "9F36", "82", "9F37")


def encode(application_identifier: bytes, track2: Track2, pan_sequence_number: str, signed: dict[str, bytes]) -> str:
    """The text of the code. signed: tags 82, 9F10, 9F26, 9F27, 9F36 and 9F37."""
    return qr.encode_consumer_presented(
        [
            (
                _APPLICATION,
                [
                    ("4F", application_identifier),
                    ("57", track2.encode()),
                    ("5F34", bytes.fromhex(pan_sequence_number)),
                    (_SIGNED, [(tag, signed[tag]) for tag in _SIGNED_TAGS]),
                ],
            )
        ]
    )


def decode(text: str) -> tuple[Track2, str, dict[str, bytes]]:
    """Track 2, PAN sequence number and signed tags of a code. Raises: EmvError."""
    objects = dict(qr.decode_consumer_presented(text))
    template = objects.get(_APPLICATION)
    if not isinstance(template, list):
        raise EmvError("the code holds no application template (61)")
    found = dict(tlv.primitives(template))
    missing = [tag for tag in ("57", "5F34", *_SIGNED_TAGS) if tag not in found]
    if missing:
        raise EmvError(f"the code's application template lacks tag {missing[0]}")
    signed = {tag: found[tag] for tag in _SIGNED_TAGS}
    try:
        return Track2.decode(found["57"]), found["5F34"].hex(), signed
    except FieldError as error:
        raise EmvError(f"tag 57: {error.detail}") from None
