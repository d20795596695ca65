"""ISO 8583 messages as octets: decoding and encoding, compiled scanning, and message authentication."""
