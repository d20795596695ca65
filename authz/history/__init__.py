"""What was decided, to read: lists, explanations, meters, and rules tried on the past."""
