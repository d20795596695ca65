"""The stream: what happens, told at once to whoever listens, by server-sent events. It never makes the engine wait."""
