"""Runs a sandbox as a process until SIGTERM or SIGINT."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Iterator

import structlog
import uvloop

from authz.vocabulary.errors import EngineError
from simulators.parties import sandbox_constants
from simulators.process.addresses import joined
from simulators.process.logging_setup import configure_logging
from simulators.process.start_error import StartError
from simulators.process.wait_for_signal import wait_for_signal
from simulators.sandbox.settings.configured_api_keys import sandbox_api_keys
from simulators.sandbox.settings.settings import Settings
from simulators.sandbox.wiring import Sandbox
from tokenvault.storage.database import DatabaseUnavailable
from tokenvault.vocabulary.errors import FieldError, KeyUnavailable

log = structlog.get_logger()

_SWITCH_SECONDS = 0.000_2
"""How long a thread may keep the interpreter if another waits, such as the journal's thread with answers."""

READY_LINE = "tapwright is ready"


def serve(settings: Settings) -> int:
    """Serve until a signal to stop; returns the exit code. A failed start is one line on standard error.

    Raises: KeyboardInterrupt if Ctrl-C comes before the server has started.
    """
    configure_logging(settings.log_level, settings.log_format)
    try:
        with _interrupted_at_once():
            return uvloop.run(_serve(settings))
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the server had not started yet, and nothing was served") from None
    except (StartError, EngineError, KeyUnavailable, DatabaseUnavailable, FieldError, OSError, ValueError) as error:
        _say(str(error))
        return 1


@contextlib.contextmanager
def _interrupted_at_once() -> Iterator[None]:
    """Let Ctrl-C end a start, which compiles for a while and does not look at the event loop meanwhile.

    An event loop that finds Python's own handler in place puts one of its own there, which waits for the loop's turn.
    """
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


async def _serve(settings: Settings) -> int:
    sys.setswitchinterval(_SWITCH_SECONDS)
    sandbox = Sandbox(settings)
    told = asyncio.create_task(wait_for_signal())
    await sandbox.start()
    # What a start leaves behind is there to stay: no later collection needs to look at it again.
    gc.collect()
    gc.freeze()
    gc.enable()
    sys.stdout.write(ready_text(settings, sandbox.http_url, sandbox.iso_address))
    sys.stdout.flush()
    waits = [told, asyncio.create_task(sandbox.failed())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    failed = waits[1].done()
    for wait in waits:
        wait.cancel()
    if not failed:
        _tell(settings, "stopping", "no new connections are taken, and what has arrived is answered")
    await sandbox.stop()
    if not failed:
        _tell(settings, "stopped", f"what was answered is on disk in {settings.data_dir}, where the next start goes on")
    return 1 if failed else 0


def ready_text(settings: Settings, http_url: str, iso_address: tuple[str, int]) -> str:
    """What is printed when the server is ready: one line for programs, then lines for a person.

    No API key is in it but the sandbox's own, which are public.
    """
    return (
        f"{READY_LINE}: http={http_url} iso8583={joined(*iso_address)}\n"
        f"  try the API:     {_reachable(settings, http_url)}/docs\n"
        f"  API key:         {_api_key(settings)}\n"
        f"  data directory:  {settings.data_dir.absolute()}\n"
        "  stop:            Ctrl-C\n"
    )


def _reachable(settings: Settings, http_url: str) -> str:
    """The API's URL for a browser: a server that listens on every address is reached on loopback too."""
    if settings.public_url is not None:
        return settings.public_url.rstrip("/")
    for every, loopback in (("//0.0.0.0:", "//127.0.0.1:"), ("//[::]:", "//[::1]:")):
        http_url = http_url.replace(every, loopback)
    return http_url


def _api_key(settings: Settings) -> str:
    public = sandbox_api_keys()
    for key in (sandbox_constants.SANDBOX_API_KEY, sandbox_constants.ISSUER_API_KEY):
        if settings.api_keys.get(key) == public[key]:
            return f"{key} (public, for tests; others are in docs/test-values.md)"
    return "one of those in the setting api_keys"


def _tell(settings: Settings, event: str, what: str) -> None:
    """Say what becomes of the server: as a line of the log where programs read that, else to whoever pressed Ctrl-C."""
    if settings.log_format == "json":
        log.info(event, what=what)
    else:
        _say(f"{event}: {what}")


def _say(text: str) -> None:
    sys.stderr.write(f"tapwright: {text}\n")
    sys.stderr.flush()
