"""What the engine's commands, answers and rules are called: names and numbers that everything else shares."""
