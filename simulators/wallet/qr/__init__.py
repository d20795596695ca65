"""Payments by EMV QR code: shown by the phone (consumer-presented) or by the merchant (merchant-presented)."""
