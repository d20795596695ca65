"""What an issuer does with accounts that have a product, and what their books say."""
