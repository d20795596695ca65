"""The books of accounts with a product: buckets, interest, dues and statements."""
