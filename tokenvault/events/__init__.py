"""Who hears of what has happened: the engine, wallets and issuers, and the audit trail."""
