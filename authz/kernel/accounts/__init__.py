"""What a decision is about: a message with its rows, and the financial state and the habits of an account."""
