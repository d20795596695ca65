"""What a terminal is made of: its line, its messages, their authentication, receipts and traces."""
