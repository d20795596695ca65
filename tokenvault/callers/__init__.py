"""Who is calling, which objects are theirs, and lists of those."""
