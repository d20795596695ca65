"""Block ciphers, MACs and digit strings: what all of EMV's algorithms are made of."""
