"""What callers send and see, where several routers share it."""
