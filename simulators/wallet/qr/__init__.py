"""EMV QR codes, consumer-presented and merchant-presented."""
