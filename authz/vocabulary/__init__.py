"""Names and numbers of commands, answers and rules that all other packages share."""
