"""ISO 8583 apart from single messages: message types, message authentication, response and action codes."""
