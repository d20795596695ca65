"""DE 55: its data objects, and what a phone signed, held against the message."""
