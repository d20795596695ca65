"""What a phone is at the tap: a secure element with a payment application, spoken to in APDUs (ISO/IEC 7816-4)."""
