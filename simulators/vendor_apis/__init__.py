"""Vendor-compatible mock APIs: routes shaped like public documentation of vendors' services.

For integrators who will meet the real thing: paths, fields and words are theirs, behaviour is the sandbox's. They are
no vendor's code, claim no conformance, and are mounted only where the setting `vendor_apis` says so.
"""
