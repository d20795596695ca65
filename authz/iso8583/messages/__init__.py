"""ISO 8583 messages: decoding, encoding, compiled batch parsing, and answers."""
