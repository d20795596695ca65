"""What an account owes, holds and is used to: what a decision looks at and what it changes."""
