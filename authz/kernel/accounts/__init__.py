"""The financial state and the habits of an account, which decisions read and change."""
