"""Messages taken apart for people: every field with its place, DE 55 as a tree, and nothing that must stay secret."""
