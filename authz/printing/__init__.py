"""What a bank sends to its customers on paper: statements as PDF."""
