"""A tap from both sides, in APDUs (ISO/IEC 7816-4): secure element, payment application, and the reader before them."""
