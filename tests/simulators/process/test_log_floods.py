"""A flood of log lines leaves a summary, not a full disk."""

import structlog
import structlog.testing

from simulators.process.log_floods import FloodSummaries
from tests.clock import ManualClock


def test_a_flood_is_summed_up(monkeypatch):
    """The first lines of each kind, then a count; other kinds go on, and so does the same in the next window."""
    clock, later, written = ManualClock(0.0), [], []
    flood = FloodSummaries(3, 10.0, clock, lambda seconds, call: later.append((seconds, call)))
    structlog.configure(
        processors=[flood, lambda _logger, _method, told: written.append(told) or ""],
        logger_factory=structlog.ReturnLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    log = structlog.get_logger()
    for number in range(1_000):
        log.warning("format_error", number=number)
        clock.advance(0.001)
    log.warning("ready")
    assert [each["event"] for each in written] == ["format_error"] * 3 + ["ready"]
    ((seconds, call),) = later
    assert 9.9 < seconds < 10
    with structlog.testing.capture_logs() as elsewhere:  # whoever sets up logging meanwhile hears nothing of it
        call()
    assert elsewhere == []
    assert written[-1] == {"event": "lines_left_out", "of": "format_error", "count": 997, "seconds": 10.0}
    clock.advance(10)
    log.warning("format_error", number=1_000)
    assert written[-1] == {"event": "format_error", "number": 1_000}
    assert len(later) == 1
