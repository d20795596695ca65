"""Reading past decisions: lists, explanations, counters of limits, and back-tests of rules."""
