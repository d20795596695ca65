"""Arrays and compiled functions: memory, an index, and the one decorator behind which code is compiled."""
