"""DE 55: its data objects, and the comparison of what the phone signed with the message."""
