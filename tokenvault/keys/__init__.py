"""The vault's keys: the root key, sealing, rotation and key ceremonies."""
