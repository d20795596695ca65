"""Cases: what referred payments ask the desks of the issuer."""
