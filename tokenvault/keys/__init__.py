"""The vault's keys: root keys, the key ring that they wrap, and the sealing of what is stored."""
