"""Events for wallets and issuers, notices for the engine, and the audit trail."""
