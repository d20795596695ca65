"""How EMV data is written down: TLV, data elements, QR codes, issuer application data."""
