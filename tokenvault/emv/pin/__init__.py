"""PIN blocks, and how a PIN is verified."""
