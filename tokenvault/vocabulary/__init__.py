"""The vocabulary of all other packages: identifiers, PANs, tenants, and the errors that callers receive."""
