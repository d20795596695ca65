"""How messages that were taken apart are shown; see `authz.iso8583.dissection`."""

from collections.abc import Iterable

from pydantic import Field

from authz.iso8583.dissection.dissected_message import Dissected, DissectedField
from authz.iso8583.dissection.object_tree import DissectedObject
from tokenvault.http.fields.fields import View

_OFFSET = "Where it begins, in bytes from the message's first."
_VALUE_OFFSET = "Where its value begins."


class DataObjectView(View):
    """A data object of DE 55 (BER-TLV)."""

    tag: str = Field(description="Tag, hexadecimal.", examples=["9F36"])
    name: str = Field(description="Name of the tag; empty if EMV does not define it.", examples=["ATC"])
    value: str | None = Field(
        description="Hexadecimal; the number of a card masked. Null for an object that holds others.",
        examples=["0001"],
    )
    offset: int = Field(description=_OFFSET, examples=[142])
    length: int = Field(description="Bytes that it takes, tag and length included.", examples=[5])
    value_offset: int = Field(description=_VALUE_OFFSET, examples=[145])
    children: list["DataObjectView"] = Field(description="The objects in it.", examples=[[]])

    @classmethod
    def of(cls, dissected: DissectedObject) -> "DataObjectView":
        """Show one, with those in it."""
        return cls(
            tag=dissected.tag,
            name=dissected.name,
            value=dissected.value,
            offset=dissected.offset,
            length=dissected.length,
            value_offset=dissected.value_offset,
            children=[cls.of(child) for child in dissected.children],
        )


class MessageFieldView(View):
    """One part of a message: header, message type, bitmap or data element."""

    number: int | None = Field(
        description="Number of the data element; 0 for the message type, 1 for a bitmap, null for the header.",
        examples=[4],
    )
    name: str = Field(description="Its name.", examples=["Amount, transaction"])
    format: str = Field(description="How the dialect writes it.", examples=["n 12 in ascii"])
    value: str | None = Field(
        description="Its value, card data masked; binary data in hexadecimal. Null for DE 55, whose objects are in "
        "`data_objects`, and for what cannot be told from card data because the message breaks off.",
        examples=["000000001250"],
    )
    offset: int = Field(description=_OFFSET, examples=[34])
    length: int = Field(description="Bytes that it takes, with the length in front.", examples=[12])
    value_offset: int = Field(description=_VALUE_OFFSET, examples=[34])
    data_objects: list[DataObjectView] = Field(description="The data objects in DE 55.", examples=[[]])

    @classmethod
    def of(cls, dissected: DissectedField) -> "MessageFieldView":
        """Show one."""
        return cls(
            number=dissected.number,
            name=dissected.name,
            format=dissected.format,
            value=dissected.value,
            offset=dissected.offset,
            length=dissected.length,
            value_offset=dissected.value_offset,
            data_objects=[DataObjectView.of(each) for each in dissected.objects],
        )


class DecodedMessageView(View):
    """A message, part by part: every byte belongs to one of them, unless the message breaks off."""

    dialect: str = Field(description="The dialect that it was read in.", examples=["ascii_1987"])
    message_type: str | None = Field(description="Message type; null where it could not be read.", examples=["0100"])
    fields: list[MessageFieldView] = Field(description="Its parts in their order.", examples=[[]])
    hex: str = Field(
        description="Its octets in hexadecimal, two asterisks for each that belongs to card data, a PIN or a key.",
        examples=["30313030"],
    )
    format_error: str | None = Field(
        description="Why it cannot be accepted, with field and byte; null if it can be decoded.", examples=[None]
    )

    @classmethod
    def of(cls, dissected: Dissected, card_numbers: Iterable[str] = ()) -> "DecodedMessageView":
        """Show one. card_numbers: what it must not show beside its own."""
        return cls(
            dialect=dissected.dialect.name,
            message_type=dissected.message_type,
            fields=[MessageFieldView.of(each) for each in dissected.fields(card_numbers)],
            hex=dissected.hexadecimal(card_numbers),
            format_error=dissected.refusal,
        )
