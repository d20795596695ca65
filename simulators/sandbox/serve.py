"""Runs a sandbox as a process until SIGTERM or SIGINT."""

import asyncio
import gc
import sys

import uvloop

from authz.vocabulary.errors import EngineError
from simulators.process.logging_setup import configure_logging
from simulators.process.start_error import StartError
from simulators.process.wait_for_signal import wait_for_signal
from simulators.sandbox.settings.settings import Settings
from simulators.sandbox.wiring import Sandbox
from tokenvault.storage.database import DatabaseUnavailable
from tokenvault.vocabulary.errors import FieldError, KeyUnavailable

_SWITCH_SECONDS = 0.000_2
"""How long a thread may keep the interpreter if another waits, such as the journal's thread with answers."""

READY_LINE = "tapwright is ready"


def serve(settings: Settings) -> int:
    """Serve until a signal to stop; returns the exit code. A failed start is one line on standard error."""
    configure_logging(settings.log_level, settings.log_format)
    try:
        return uvloop.run(_serve(settings))
    except (StartError, EngineError, KeyUnavailable, DatabaseUnavailable, FieldError, OSError, ValueError) as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1


async def _serve(settings: Settings) -> int:
    sys.setswitchinterval(_SWITCH_SECONDS)
    sandbox = Sandbox(settings)
    told = asyncio.create_task(wait_for_signal())
    await sandbox.start()
    # What a start leaves behind is there to stay: no later collection needs to look at it again.
    gc.collect()
    gc.freeze()
    host, port = sandbox.iso_address
    sys.stdout.write(f"{READY_LINE}: http={sandbox.http_url} iso8583={host}:{port}\n")
    sys.stdout.flush()
    waits = [told, asyncio.create_task(sandbox.failed())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    failed = waits[1].done()
    for wait in waits:
        wait.cancel()
    await sandbox.stop()
    return 1 if failed else 0
