"""Who takes part: the issuer over HTTP, makers of devices, merchants, and the sandbox's fixed keys and ranges."""
