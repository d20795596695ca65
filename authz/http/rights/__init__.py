"""The rights of accounts: the units that they hold, and what offers give them."""
