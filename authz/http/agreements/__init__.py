"""What an issuer agrees with account holders on: instalments, and relief from what is due."""
