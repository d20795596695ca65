"""How one key is made from another, and how a key travels: derivation, DUKPT, key blocks."""
