"""``tapwright record`` and ``tapwright replay``: records real traffic, and sends it again."""

import asyncio
import sys
from pathlib import Path

from rich.console import Console

from authz.iso8583.dialects.dialect_files import dialect_named
from authz.iso8583.dialects.fields import DialectError
from simulators.cli.flags.server_address import UsageError, port_taken
from simulators.message_tools.recording import (
    Recorder,
    RecordingError,
    Replayed,
    open_recording,
    read_recording,
    replay,
)
from simulators.process.wait_for_signal import wait_for_signal


def record_verb(host: tuple[str, int], port: int, path: Path, dialect_name: str) -> int:
    """Record until Ctrl-C or SIGTERM; returns the exit code. Raises: UsageError."""
    try:
        dialect = dialect_named(dialect_name)
        opened = open_recording(path)
    except FileExistsError:
        raise UsageError(f"{path} already exists: remove it, or name another file") from None
    except DialectError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"{path}: {str(error.strerror).lower()}") from None
    with opened as file:
        return asyncio.run(_record(Recorder(host, dialect, file), port, path))


async def _record(recorder: Recorder, port: int, path: Path) -> int:
    try:
        address = await recorder.listen(port)
    except OSError as error:
        path.unlink()
        sys.stderr.write(f"tapwright: {port_taken(port, error)}\n")
        return 1
    sys.stdout.write(f"recording on {address[0]}:{address[1]} into {path}\n")
    sys.stdout.flush()
    await wait_for_signal()
    await recorder.close()
    sys.stdout.write(f"{recorder.frames} messages recorded\n")
    return 0


def replay_verb(path: Path, host: tuple[str, int], dialect_name: str, seconds: float) -> int:
    """Replay a recording; returns the exit code: 1 where an answer differs. Raises: UsageError."""
    console = Console()

    def watch(one: Replayed) -> None:
        colour = "green" if one.before == one.now else "yellow"
        console.print(f"[{colour}]{one.message_type} {one.stan}: {one.before} before, {one.now} now", highlight=False)

    try:
        dialect, frames = dialect_named(dialect_name), list(read_recording(path))
    except (DialectError, RecordingError) as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"{path}: {str(error.strerror).lower()}") from None
    replayed = replay(frames, host, dialect, seconds, watch)
    same = sum(one.before == one.now for one in replayed)
    console.print(f"{same} of {len(replayed)} answered as before", highlight=False)
    return 0 if same == len(replayed) else 1
