"""The checks that a message passes, one function each, and who asks for which."""
