"""Messages on their way: lines and their turns, the ISO 8583 server, cryptograms, PINs, other dialects."""
