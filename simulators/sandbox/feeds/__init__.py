"""What follows the engine: the history of its decisions, and webhooks of payments, which leave it the processor."""
