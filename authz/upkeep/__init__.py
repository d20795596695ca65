"""What is done with a data directory beside or before a server: checkpoints, upgrades, comparison of its files."""
