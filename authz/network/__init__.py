"""Message processing: connections and their shares, the ISO 8583 server, cryptograms, PINs, dialects."""
