"""Units that accounts hold: how they are given, spent, taken back, and how they expire."""
