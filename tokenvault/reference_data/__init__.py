"""Codes that standards assign: countries, currencies, merchant categories."""
