"""The load generator: seeded traffic of a portfolio, sent to an ISO 8583 host by schedule; latencies and reports."""
