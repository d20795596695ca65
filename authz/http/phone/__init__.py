"""What the phone shows of the account behind its token, in sections, and their order."""
