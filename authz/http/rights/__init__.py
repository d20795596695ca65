"""The rights of accounts: the units that they hold."""
