"""Logging of a server: one structured line per event, on standard error."""

import logging
import sys

import structlog

from simulators.process.log_floods import FloodSummaries


def configure_logging(level: str, form: str) -> None:
    """Set up structlog. level: debug, info, warning or error.  form: console or json."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            FloodSummaries(),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
