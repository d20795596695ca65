"""A clock that moves only when told."""


class ManualClock:
    """Unix seconds; starts at 2026-11-24 12:00 UTC."""

    def __init__(self, now: float = 1_795_521_600.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """The time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
