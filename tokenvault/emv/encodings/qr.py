"""EMV QR code payloads: consumer-presented (CPM) data and the merchant-presented (MPM) checksum."""

import base64
import binascii
from collections.abc import Iterable

from tokenvault.emv.encodings import tlv
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
        encoded = base64.b64decode(text, validate=True)
    except ValueError:  # not Base64, or not even ASCII
        raise EmvError("a consumer-presented QR code is Base64 text") from None
    objects = tlv.decode(encoded)
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


def encode_merchant_presented(objects: Iterable[tuple[str, str | list[tuple[str, str]]]]) -> str:
    """The text of a merchant-presented QR code: objects of ID and length (two digits each) and value, then the CRC.

    objects: in order, without ID 63; a template's value is a list of its own objects.
    Raises: EmvError if an ID or a length does not fit two digits.
    Source: EMVCo QR MPM v1.1, 3.1 and 4.
    """
    text = "".join(_merchant_object(name, value) for name, value in objects)
    return text + merchant_presented_checksum(text)


def _merchant_object(name: str, value: str | list[tuple[str, str]]) -> str:
    content = value if isinstance(value, str) else "".join(_merchant_object(*inner) for inner in value)
    if not (len(name) == 2 and name.isascii() and name.isdigit()):
        raise EmvError("an ID of a merchant-presented QR code is two digits")
    if not 1 <= len(content) <= 99:
        raise EmvError(f"ID {name} has {len(content)} characters; it takes 1 to 99")
    return f"{name}{len(content):02d}{content}"


def decode_merchant_presented(text: str) -> dict[str, str]:
    """The objects of a merchant-presented QR code by ID, the checksum checked and left out.

    A template (IDs 02 to 51, 62, 64 and 80 to 99) is left as text: `read_template` opens it.
    Raises: EmvError where it breaks off, says an ID twice, does not begin with format 01, or has a wrong checksum.
    """
    objects = read_template(text)
    if next(iter(objects), None) != "00" or objects["00"] != "01":
        raise EmvError("a merchant-presented QR code begins with the payload format indicator 01")
    if list(objects)[-1] != "63" or len(objects["63"]) != 4:
        raise EmvError("a merchant-presented QR code ends with its checksum, ID 63")
    try:
        checksum = merchant_presented_checksum(text[:-8])
    except UnicodeEncodeError:
        raise EmvError("a merchant-presented QR code holds what is no character") from None
    if checksum != text[-8:-4] + text[-4:].upper():
        raise EmvError("the checksum (ID 63) is wrong")
    del objects["63"]
    return objects


def read_template(text: str) -> dict[str, str]:
    """Objects of a two-digit ID, a two-digit length (characters) and a value, by ID. Raises: EmvError."""
    objects: dict[str, str] = {}
    position = 0
    while position < len(text):
        head = text[position : position + 4]
        if not (len(head) == 4 and head.isascii() and head.isdigit()):
            raise EmvError(f"character {position} begins no object: two digits of ID and two of length are expected")
        name, length = head[:2], int(head[2:])
        value = text[position + 4 : position + 4 + length]
        if length == 0 or len(value) != length:
            raise EmvError(f"ID {name} announces {length} characters, {len(value)} are there")
        if name in objects:
            raise EmvError(f"ID {name} comes twice")
        objects[name] = value
        position += 4 + length
    return objects
