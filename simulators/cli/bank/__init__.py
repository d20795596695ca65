"""What the actions of `tapwright bank` do."""
