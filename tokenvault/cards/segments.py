"""What the vault knows of how an account is classified: the segment that it is pinned to, and a stage of life.

The authorization program says which accounts belong to which segment, and the engine classifies them by it. The vault
only keeps what overrides that, or goes into it: so it does not know the segment of an account that is not pinned.
"""

SEGMENTS = range(256)
"""Numbers of segments; an account that is not pinned begins in the first."""

LIFE_STAGES = range(16)
"""Numbers of stages of life, which have the meaning that the issuer gives them; the first where it is not known."""

UNKNOWN_LIFE_STAGE = 0
