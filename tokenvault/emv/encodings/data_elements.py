"""The data elements of EMV by tag: name, format, length, source, and the templates that they come in."""

from dataclasses import dataclass
from typing import Literal

Format = Literal["a", "an", "ans", "b", "cn", "n"]
Source = Literal["card", "issuer", "terminal"]


@dataclass(frozen=True)
class DataElement:
    """One registered tag.

    format: EMV's (EMV Book 3, 4.3); templates and elements of several formats count as binary (b).
    length_min, length_max: bytes; 0 and 252 where nothing narrower is defined.
    templates: tags of the templates that hold it, with blanks between them; empty where it stands in none.
    """

    tag: str
    name: str
    format: Format
    length_min: int
    length_max: int
    source: Source
    templates: str = ""

    @property
    def length_bytes(self) -> int | None:
        """Its length where it has only one, else None."""
        return self.length_min if self.length_min == self.length_max else None

    def has_length(self, length: int) -> bool:
        """Whether a value of so many bytes is possible."""
        return self.length_min <= length <= self.length_max


# EMV Book 3, annex A1, with the elements for biometrics and tokens of version 4.4.
_BOOK_3 = (
    DataElement("42", "Issuer Identification Number (IIN)", "n", 3, 3, "card", "BF0C 73"),
    DataElement("4F", "Application Identifier (AID), card", "b", 5, 16, "card", "61"),
    DataElement("50", "Application Label", "ans", 1, 16, "card", "61 A5"),
    DataElement("57", "Track 2 Equivalent Data", "b", 0, 19, "card", "70 77"),
    DataElement("5A", "Application PAN", "cn", 0, 10, "card", "70 77"),
    DataElement("5F20", "Cardholder Name", "ans", 2, 26, "card", "70 77"),
    DataElement("5F24", "Application Expiration Date", "n", 3, 3, "card", "70 77"),
    DataElement("5F25", "Application Effective Date", "n", 3, 3, "card", "70 77"),
    DataElement("5F28", "Issuer Country Code", "n", 2, 2, "card", "70 77"),
    DataElement("5F2A", "Transaction Currency Code", "n", 2, 2, "terminal"),
    DataElement("5F2D", "Language Preference", "an", 2, 8, "card", "A5"),
    DataElement("5F30", "Service Code", "n", 2, 2, "card", "70 77"),
    DataElement("5F34", "Application PAN Sequence Number", "n", 1, 1, "card", "70 77"),
    DataElement("5F36", "Transaction Currency Exponent", "n", 1, 1, "terminal"),
    DataElement("5F50", "Issuer URL", "ans", 0, 252, "card", "BF0C 73"),
    DataElement("5F53", "International Bank Account Number (IBAN)", "an", 0, 34, "card", "BF0C 73"),
    DataElement("5F54", "Bank Identifier Code (BIC)", "an", 8, 11, "card", "BF0C 73"),
    DataElement("5F55", "Issuer Country Code (alpha2)", "a", 2, 2, "card", "BF0C 73"),
    DataElement("5F56", "Issuer Country Code (alpha3)", "a", 3, 3, "card", "BF0C 73"),
    DataElement("5F57", "Account Type", "n", 1, 1, "terminal"),
    DataElement("61", "Application Template", "b", 0, 252, "card", "BF0C 70"),
    DataElement("6F", "File Control Information (FCI) Template", "b", 0, 252, "card"),
    DataElement("70", "READ RECORD Response Message Template", "b", 0, 252, "card"),
    DataElement("71", "Issuer Script Template 1", "b", 0, 252, "issuer"),
    DataElement("72", "Issuer Script Template 2", "b", 0, 252, "issuer"),
    DataElement("73", "Directory Discretionary Template", "b", 0, 252, "card", "61"),
    DataElement("77", "Response Message Template Format 2", "b", 0, 252, "card"),
    DataElement("7F60", "Biometric Information Template (BIT)", "b", 0, 252, "card", "BF4A BF4B 9F31"),
    DataElement("80", "Response Message Template Format 1", "b", 0, 252, "card"),
    DataElement("81", "Amount, Authorised (Binary)", "b", 4, 4, "terminal"),
    DataElement("82", "Application Interchange Profile", "b", 2, 2, "card", "77 80"),
    DataElement("83", "Command Template", "b", 0, 252, "terminal"),
    DataElement("84", "Dedicated File Name", "b", 5, 16, "card", "6F"),
    DataElement("86", "Issuer Script Command", "b", 0, 261, "issuer", "71 72"),
    DataElement("87", "Application Priority Indicator", "b", 1, 1, "card", "61 A5"),
    DataElement("88", "Short File Identifier (SFI)", "b", 1, 1, "card", "A5"),
    DataElement("89", "Authorisation Code", "ans", 6, 6, "issuer"),
    DataElement("8A", "Authorisation Response Code", "an", 2, 2, "issuer"),
    DataElement("8C", "Card Risk Management Data Object List 1 (CDOL1)", "b", 0, 252, "card", "70 77"),
    DataElement("8D", "Card Risk Management Data Object List 2 (CDOL2)", "b", 0, 252, "card", "70 77"),
    DataElement("8E", "Cardholder Verification Method (CVM) List", "b", 10, 252, "card", "70 77"),
    DataElement("8F", "Certification Authority Public Key Index, card", "b", 1, 1, "card", "70 77"),
    DataElement("90", "Issuer Public Key Certificate", "b", 0, 248, "card", "70 77"),
    DataElement("91", "Issuer Authentication Data", "b", 8, 16, "issuer"),
    DataElement("92", "Issuer Public Key Remainder", "b", 0, 248, "card", "70 77"),
    DataElement("93", "Signed Static Application Data", "b", 0, 248, "card", "70 77"),
    DataElement("94", "Application File Locator (AFL)", "b", 0, 252, "card", "77 80"),
    DataElement("95", "Terminal Verification Results", "b", 5, 5, "terminal"),
    DataElement("97", "Transaction Certificate Data Object List (TDOL)", "b", 0, 252, "card", "70 77"),
    DataElement("98", "Transaction Certificate (TC) Hash Value", "b", 20, 20, "terminal"),
    DataElement("99", "Transaction PIN Data", "b", 0, 252, "terminal"),
    DataElement("9A", "Transaction Date", "n", 3, 3, "terminal"),
    DataElement("9B", "Transaction Status Information", "b", 2, 2, "terminal"),
    DataElement("9C", "Transaction Type", "n", 1, 1, "terminal"),
    DataElement("9D", "Directory Definition File (DDF) Name", "b", 5, 16, "card", "61"),
    DataElement("9F01", "Acquirer Identifier", "n", 6, 6, "terminal"),
    DataElement("9F02", "Amount, Authorised (Numeric)", "n", 6, 6, "terminal"),
    DataElement("9F03", "Amount, Other (Numeric)", "n", 6, 6, "terminal"),
    DataElement("9F04", "Amount, Other (Binary)", "b", 4, 4, "terminal"),
    DataElement("9F05", "Application Discretionary Data", "b", 1, 32, "card", "70 77"),
    DataElement("9F06", "Application Identifier (AID), terminal", "b", 5, 16, "terminal"),
    DataElement("9F07", "Application Usage Control", "b", 2, 2, "card", "70 77"),
    DataElement("9F08", "Application Version Number, card", "b", 2, 2, "card", "70 77"),
    DataElement("9F09", "Application Version Number", "b", 2, 2, "terminal"),
    DataElement("9F0A", "Application Selection Registered Proprietary Data", "b", 0, 252, "card", "BF0C 73"),
    DataElement("9F0B", "Cardholder Name Extended", "ans", 27, 45, "card", "70 77"),
    DataElement("9F0C", "Issuer Identification Number Extended", "n", 3, 4, "card", "BF0C 73"),
    DataElement("9F0D", "Issuer Action Code - Default", "b", 5, 5, "card", "70 77"),
    DataElement("9F0E", "Issuer Action Code - Denial", "b", 5, 5, "card", "70 77"),
    DataElement("9F0F", "Issuer Action Code - Online", "b", 5, 5, "card", "70 77"),
    DataElement("9F10", "Issuer Application Data", "b", 0, 32, "card", "77 80"),
    DataElement("9F11", "Issuer Code Table Index", "n", 1, 1, "card", "A5"),
    DataElement("9F12", "Application Preferred Name", "ans", 1, 16, "card", "61 A5"),
    DataElement("9F13", "Last Online Application Transaction Counter (ATC) Register", "b", 2, 2, "card"),
    DataElement("9F14", "Lower Consecutive Offline Limit", "b", 1, 1, "card", "70 77"),
    DataElement("9F15", "Merchant Category Code", "n", 2, 2, "terminal"),
    DataElement("9F16", "Merchant Identifier", "ans", 15, 15, "terminal"),
    DataElement("9F17", "Personal Identification Number (PIN) Try Counter", "b", 1, 1, "card"),
    DataElement("9F18", "Issuer Script Identifier", "b", 4, 4, "issuer", "71 72"),
    DataElement("9F19", "Token Requestor ID", "n", 6, 6, "card", "70 77"),
    DataElement("9F1A", "Terminal Country Code", "n", 2, 2, "terminal"),
    DataElement("9F1B", "Terminal Floor Limit", "b", 4, 4, "terminal"),
    DataElement("9F1C", "Terminal Identification", "an", 8, 8, "terminal"),
    DataElement("9F1D", "Terminal Risk Management Data", "b", 1, 8, "terminal"),
    DataElement("9F1E", "Interface Device Serial Number", "an", 8, 8, "terminal"),
    DataElement("9F1F", "Track 1 Discretionary Data", "ans", 0, 252, "card", "70 77"),
    DataElement("9F20", "Track 2 Discretionary Data", "cn", 0, 252, "card", "70 77"),
    DataElement("9F21", "Transaction Time", "n", 3, 3, "terminal"),
    DataElement("9F22", "Certification Authority Public Key Index, terminal", "b", 1, 1, "terminal"),
    DataElement("9F23", "Upper Consecutive Offline Limit", "b", 1, 1, "card", "70 77"),
    DataElement("9F24", "Payment Account Reference (PAR)", "an", 29, 29, "card", "70 77"),
    DataElement("9F25", "Last 4 Digits of PAN", "n", 2, 2, "card", "70 77"),
    DataElement("9F26", "Application Cryptogram", "b", 8, 8, "card", "77 80"),
    DataElement("9F27", "Cryptogram Information Data", "b", 1, 1, "card", "77 80"),
    DataElement("9F2D", "ICC PIN Encipherment Public Key Certificate", "b", 0, 248, "card", "70 77"),
    DataElement("9F2E", "ICC PIN Encipherment Public Key Exponent", "b", 1, 3, "card", "70 77"),
    DataElement("9F2F", "ICC PIN Encipherment Public Key Remainder", "b", 0, 248, "card", "70 77"),
    DataElement("9F30", "Biometric Terminal Capabilities", "b", 3, 3, "terminal"),
    DataElement("9F31", "Card BIT Group Template", "b", 0, 252, "card", "70 77"),
    DataElement("9F32", "Issuer Public Key Exponent", "b", 1, 3, "card", "70 77"),
    DataElement("9F33", "Terminal Capabilities", "b", 3, 3, "terminal"),
    DataElement("9F34", "Cardholder Verification Method Results", "b", 3, 3, "terminal"),
    DataElement("9F35", "Terminal Type", "n", 1, 1, "terminal"),
    DataElement("9F36", "Application Transaction Counter", "b", 2, 2, "card", "77 80"),
    DataElement("9F37", "Unpredictable Number", "b", 4, 4, "terminal"),
    DataElement("9F38", "Processing Options Data Object List (PDOL)", "b", 0, 252, "card", "A5"),
    DataElement("9F39", "POS Entry Mode", "n", 1, 1, "terminal"),
    DataElement("9F3A", "Amount, Reference Currency", "b", 4, 4, "terminal"),
    DataElement("9F3B", "Application Reference Currency", "n", 2, 8, "card", "70 77"),
    DataElement("9F3C", "Transaction Reference Currency Code", "n", 2, 2, "terminal"),
    DataElement("9F3D", "Transaction Reference Currency Exponent", "n", 1, 1, "terminal"),
    DataElement("9F3E", "Terminal Categories Supported List", "b", 0, 252, "terminal"),
    DataElement("9F40", "Additional Terminal Capabilities", "b", 5, 5, "terminal"),
    DataElement("9F41", "Transaction Sequence Counter", "n", 2, 4, "terminal"),
    DataElement("9F42", "Application Currency Code", "n", 2, 2, "card", "70 77"),
    DataElement("9F43", "Application Reference Currency Exponent", "n", 1, 4, "card", "70 77"),
    DataElement("9F44", "Application Currency Exponent", "n", 1, 1, "card", "70 77"),
    DataElement("9F45", "Data Authentication Code", "b", 2, 2, "card"),
    DataElement("9F46", "ICC Public Key Certificate", "b", 0, 248, "card", "70 77"),
    DataElement("9F47", "ICC Public Key Exponent", "b", 1, 3, "card", "70 77"),
    DataElement("9F48", "ICC Public Key Remainder", "b", 0, 248, "card", "70 77"),
    DataElement("9F49", "Dynamic Data Authentication Data Object List (DDOL)", "b", 0, 252, "card", "70 77"),
    DataElement("9F4A", "Static Data Authentication Tag List", "b", 0, 252, "card", "70 77"),
    DataElement("9F4B", "Signed Dynamic Application Data", "b", 0, 248, "card", "77 80"),
    DataElement("9F4C", "ICC Dynamic Number", "b", 2, 8, "card"),
    DataElement("9F4D", "Log Entry", "b", 2, 2, "card", "BF0C 73"),
    DataElement("9F4E", "Merchant Name and Location", "ans", 0, 252, "terminal"),
    DataElement("9F4F", "Log Format", "b", 0, 252, "card"),
    DataElement("A5", "File Control Information (FCI) Proprietary Template", "b", 0, 252, "card", "6F"),
    DataElement("BF0C", "File Control Information (FCI) Issuer Discretionary Data", "b", 0, 222, "card", "A5"),
    DataElement("BF4A", "Offline BIT Group Template", "b", 0, 252, "card", "70 77"),
    DataElement("BF4B", "Online BIT Group Template", "b", 0, 252, "card", "70 77"),
    DataElement("BF4C", "Biometric Try Counters Template", "b", 0, 252, "card"),
    DataElement("BF4D", "Preferred Attempts Template", "b", 0, 252, "card"),
    DataElement("BF4E", "Biometric Verification Data Template", "b", 0, 252, "terminal"),
)

# EMV Book B, and what kernels 2 and 3 (Books C-2 and C-3) take. Where two kernels give one tag to different elements,
# the name says both and the length has room for both.
_CONTACTLESS = (
    DataElement("56", "Track 1 Data", "ans", 0, 76, "card", "70 77"),
    DataElement("9F29", "Extended Selection", "b", 0, 252, "card", "61"),
    DataElement("9F2A", "Kernel Identifier", "b", 1, 8, "card", "61"),
    DataElement("9F50", "Offline Accumulator Balance", "n", 6, 6, "card"),
    DataElement("9F51", "Dynamic Reader Data Object List (DRDOL)", "b", 0, 250, "card", "70 77"),
    DataElement("9F53", "Transaction Category Code", "an", 1, 1, "terminal"),
    DataElement("9F5A", "Application Program Identifier", "b", 1, 16, "card", "77"),
    DataElement("9F5B", "Issuer Script Results", "b", 5, 252, "terminal"),
    DataElement("9F5C", "Data Storage Requested Operator ID", "b", 8, 8, "terminal"),
    DataElement("9F5D", "Application Capabilities Information", "b", 3, 6, "card", "BF0C 77"),
    DataElement("9F5E", "Data Storage ID", "n", 8, 11, "card", "BF0C"),
    DataElement("9F5F", "Data Storage Slot Availability", "b", 1, 1, "card"),
    DataElement("9F60", "CVC3 (Track 1)", "b", 2, 2, "card", "77"),
    DataElement("9F61", "CVC3 (Track 2)", "b", 2, 2, "card", "77"),
    DataElement("9F62", "Track 1 Bit Map for CVC3 (PCVC3)", "b", 6, 6, "card", "70 77"),
    DataElement("9F63", "Track 1 Bit Map for Unpredictable Number and ATC (PUNATC)", "b", 6, 6, "card", "70 77"),
    DataElement("9F64", "Track 1 Number of ATC Digits (NATC)", "b", 1, 1, "card", "70 77"),
    DataElement("9F65", "Track 2 Bit Map for CVC3 (PCVC3)", "b", 2, 2, "card", "70 77"),
    DataElement("9F66", "Terminal Transaction Qualifiers (TTQ)", "b", 2, 4, "terminal"),
    DataElement("9F67", "Track 2 Number of ATC Digits (NATC)", "b", 1, 1, "card", "70 77"),
    DataElement("9F68", "Card Additional Processes", "b", 4, 4, "card"),
    DataElement("9F69", "Card Authentication Related Data, or UDOL", "b", 0, 250, "card", "70 77"),
    DataElement("9F6A", "Unpredictable Number (Numeric)", "n", 4, 4, "terminal"),
    DataElement("9F6B", "Track 2 Data", "b", 0, 19, "card", "70 77"),
    DataElement("9F6C", "Card Transaction Qualifiers (CTQ)", "b", 2, 2, "card", "77 80"),
    DataElement(
        "9F6D", "Contactless Reader Capabilities, or Mag-stripe Application Version Number", "b", 1, 2, "terminal"
    ),
    DataElement("9F6E", "Form Factor Indicator, or Third Party Data", "b", 4, 32, "card", "77 BF0C"),
    DataElement("9F7C", "Customer Exclusive Data, or Merchant Custom Data", "b", 0, 32, "card", "77 80"),
    DataElement("9F7D", "Data Storage Summary 1", "b", 8, 16, "card", "77"),
    DataElement("9F7E", "Mobile Support Indicator", "b", 1, 1, "terminal"),
    DataElement("9F7F", "Data Storage Unpredictable Number", "b", 4, 4, "card"),
)

# EMVCo QR Code Specification, consumer-presented mode, 4.1.
_QR_CODES = (
    DataElement("62", "Common Data Template", "b", 0, 252, "card"),
    DataElement("63", "Application Specific Transparent Template", "b", 0, 252, "card", "61"),
    DataElement("64", "Common Data Transparent Template", "b", 0, 252, "card", "62"),
    DataElement("85", "Payload Format Indicator", "an", 5, 5, "card"),
)

DATA_ELEMENTS = {element.tag: element for element in _BOOK_3 + _CONTACTLESS + _QR_CODES}
