"""Load: seeded traffic of a portfolio, sent to any ISO 8583 host by schedule, and what came of it."""
