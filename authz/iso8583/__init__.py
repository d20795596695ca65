"""What all of ISO 8583 shares here: message types, response and action codes, format errors."""
