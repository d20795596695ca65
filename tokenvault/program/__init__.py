"""The card program: what a vault issues, who may ask for tokens, and where a token may be used."""
