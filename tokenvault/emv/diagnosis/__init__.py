"""How a cryptogram comes about step by step, where another computation differs, and published test vectors."""
