"""Devices that hold a key in a secure element, and their proof of possession on every call."""
