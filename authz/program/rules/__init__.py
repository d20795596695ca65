"""Single rules of a program: put in and taken out, and told to people."""
