"""The card in a phone: secure element, payment application in APDUs (ISO/IEC 7816-4), and readers."""
