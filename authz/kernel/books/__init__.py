"""The books of accounts with a product: interest, dues and statements, instalments and relief."""
