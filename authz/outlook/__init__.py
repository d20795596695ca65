"""What comes of an account's books in the months ahead: the kernel closes its days on a copy of it."""
