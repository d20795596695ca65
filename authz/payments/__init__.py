"""Payments as those who take part in them see them: events of what happened, and a wallet's list of payments."""
