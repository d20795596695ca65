"""Tools that decode, encode, send, record and replay messages."""
