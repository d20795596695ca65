"""The vault's keys, where the root key is, everything that is sealed, and how keys are changed."""
