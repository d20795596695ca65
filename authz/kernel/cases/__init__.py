"""Cases that a decision leaves to a desk: opened, answered, expired; and the passes that their approval gives."""
