"""The ledger of accounts: postings in buckets, what is taken off them and in which order, terms, and changes."""
