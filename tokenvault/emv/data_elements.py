"""The EMV data elements that travel in DE 55 and in the phone's answers: tag, name, format, length, source."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DataElement:
    """One registered tag. length_bytes is None where the length varies; format is EMV's (n, cn, b, an, ans)."""

    tag: str
    name: str
    format: str
    length_bytes: int | None
    source: str


_ELEMENTS = (
    DataElement("4F", "Application Identifier (AID), card", "b", None, "card"),
    DataElement("50", "Application Label", "ans", None, "card"),
    DataElement("57", "Track 2 Equivalent Data", "b", None, "card"),
    DataElement("5A", "Application PAN", "cn", None, "card"),
    DataElement("5F24", "Application Expiration Date", "n", 3, "card"),
    DataElement("5F2A", "Transaction Currency Code", "n", 2, "terminal"),
    DataElement("5F34", "Application PAN Sequence Number", "n", 1, "card"),
    DataElement("82", "Application Interchange Profile", "b", 2, "card"),
    DataElement("84", "Dedicated File Name", "b", None, "card"),
    DataElement("8A", "Authorisation Response Code", "an", 2, "issuer"),
    DataElement("91", "Issuer Authentication Data", "b", None, "issuer"),
    DataElement("95", "Terminal Verification Results", "b", 5, "terminal"),
    DataElement("9A", "Transaction Date", "n", 3, "terminal"),
    DataElement("9C", "Transaction Type", "n", 1, "terminal"),
    DataElement("9F02", "Amount, Authorised (Numeric)", "n", 6, "terminal"),
    DataElement("9F03", "Amount, Other (Numeric)", "n", 6, "terminal"),
    DataElement("9F06", "Application Identifier (AID), terminal", "b", None, "terminal"),
    DataElement("9F09", "Application Version Number", "b", 2, "terminal"),
    DataElement("9F10", "Issuer Application Data", "b", None, "card"),
    DataElement("9F1A", "Terminal Country Code", "n", 2, "terminal"),
    DataElement("9F1E", "Interface Device Serial Number", "an", 8, "terminal"),
    DataElement("9F21", "Transaction Time", "n", 3, "terminal"),
    DataElement("9F24", "Payment Account Reference (PAR)", "an", 29, "card"),
    DataElement("9F26", "Application Cryptogram", "b", 8, "card"),
    DataElement("9F27", "Cryptogram Information Data", "b", 1, "card"),
    DataElement("9F33", "Terminal Capabilities", "b", 3, "terminal"),
    DataElement("9F34", "Cardholder Verification Method Results", "b", 3, "terminal"),
    DataElement("9F35", "Terminal Type", "n", 1, "terminal"),
    DataElement("9F36", "Application Transaction Counter", "b", 2, "card"),
    DataElement("9F37", "Unpredictable Number", "b", 4, "terminal"),
    DataElement("9F39", "POS Entry Mode", "n", 1, "terminal"),
    DataElement("9F41", "Transaction Sequence Counter", "n", None, "terminal"),
)

DATA_ELEMENTS = {element.tag: element for element in _ELEMENTS}
