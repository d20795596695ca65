"""ISO 8583 messages: decoding, encoding, reading many at once, answering."""
