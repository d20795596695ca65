"""Ready-made authorization requests: signed taps of provisioned tokens, made before the clock starts."""

import time
from itertools import pairwise

from simulators.load.customers import customers, provision_phones
from simulators.load.traffic import TAPS_ONLY, LineTraffic
from simulators.phone import Phone

__all__ = ["make_traffic", "provision_phones"]


def make_traffic(address: tuple[str, int], phones: list[Phone], count: int) -> list[bytes]:
    """count framed requests of all phones, every one of which should be approved."""
    chunk = LineTraffic(list(customers(address, phones, merchants=1)), TAPS_ONLY, seed=1).chunk(count, 12, time.time())
    frames, starts = bytes(chunk.frames), chunk.starts.tolist()
    return [frames[start:end] for start, end in pairwise(starts)]
