"""What is done with keys while the vault is running: rotation, and ceremonies that bring keys in."""
