"""Several callers at once, each in a thread of this process."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

Share = TypeVar("Share")


def seconds_at_once(work: Callable[[Share], None], shares: Iterable[Share]) -> float:
    """How long all callers took, each with its share of the work. Raises: what the first that failed raised."""
    failures: list[Exception] = []

    def call(share: Share) -> None:
        try:
            work(share)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=call, args=(share,)) for share in shares]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.perf_counter() - started
