"""The kinds of terminals, one file each: what each does beyond what all can."""
