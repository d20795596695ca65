"""The kinds of terminals: what each does beyond what all can."""
