"""What an issuer does by itself: payments, corrections, instalment plans, relief, and what is about many accounts."""
