"""ISO 8583 messages and what they mean: requests read in compiled batches, and answers."""
