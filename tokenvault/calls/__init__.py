"""Who calls the vault, how often, and that a repeated call is carried out once."""
