"""Arrays and compiled functions: memory for tables, a hash index, and the decorator that compiles functions."""
