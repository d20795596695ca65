"""EMV QR code payloads: consumer-presented (CPM) data and the merchant-presented (MPM) checksum."""

import base64
import binascii

from tokenvault.emv import tlv
from tokenvault.emv.errors import EmvError

PAYLOAD_FORMAT = "85"


def encode_consumer_presented(objects: list[tlv.DataObject]) -> str:
    """The text of a consumer-presented QR code: Base64 of BER-TLV (EMVCo QR CPM v1.1, 4.1).

    objects: the application templates; the payload format indicator "CPV01" is put in front.
    """
    return base64.b64encode(tlv.encode([(PAYLOAD_FORMAT, b"CPV01"), *objects])).decode("ascii")


def decode_consumer_presented(text: str) -> list[tlv.DataObject]:
    """The data objects behind a consumer-presented QR code, the payload format indicator first.

    Raises: EmvError unless the text is Base64 of BER-TLV that starts with "CPV01".
    """
    try:
        objects = tlv.decode(base64.b64decode(text, validate=True))
    except binascii.Error:
        raise EmvError("a consumer-presented QR code is Base64 text") from None
    if not objects or objects[0] != (PAYLOAD_FORMAT, b"CPV01"):
        raise EmvError("a consumer-presented QR code starts with the payload format indicator CPV01")
    return objects


def merchant_presented_checksum(payload: str) -> str:
    """The checksum object of a merchant-presented QR code: ID 63, length 04, CRC in hexadecimal.

    payload: the code's text before ID 63. The CRC covers it and the characters "6304".
    Source: EMVCo QR MPM v1.1, 4.7.3; CRC-16 with polynomial 1021 and initial value FFFF.
    """
    return checksum_object(crc_16((payload + "6304").encode("utf-8")))


def checksum_object(crc: int) -> str:
    """ID 63, length 04 and the CRC as four upper-case hexadecimal digits."""
    return f"6304{crc:04X}"


def crc_16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE of data."""
    return binascii.crc_hqx(data, 0xFFFF)
