"""A terminal and its parts: connection, messages, message authentication, receipts, message log."""
