"""The checks of a message, one function each, and the table of who applies them."""
