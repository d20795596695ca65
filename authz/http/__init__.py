"""The engine's HTTP face. Who may call it is decided by whoever mounts it."""
