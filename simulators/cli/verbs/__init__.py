"""The verbs and their flags, one file each. What a verb needs is imported when it runs."""
