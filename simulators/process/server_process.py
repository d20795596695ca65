"""A server in a separate process that can be killed, for the demo, tests and benchmarks."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulators.process.addresses import split

_READY = re.compile(r"http=(\S+) iso8583=(\S+:\d+)")


class ServerDidNotStart(Exception):
    """The process ended before it was ready; the text is what it wrote."""


class ServerProcess:
    """``tapwright serve`` on free ports and one data directory.

    python: the interpreter of another installation, whose server it is; this one's if None.
    """

    def __init__(self, data_dir: Path, *arguments: str, python: Path | None = None) -> None:
        interpreter = [sys.executable] if python is None else [str(python), "-P"]  # not what lies in this directory
        command = [*interpreter, "-m", "simulators.cli", "serve", "--data-dir", str(data_dir)]
        command += ["--http-port", "0", "--iso-port", "0", *arguments]
        self._log = (data_dir.parent / f"{data_dir.name}.log").open("a+b")
        start = self._log.tell()
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log)  # noqa: S603 - our own program
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        ready = _READY.search(line)
        if ready is None:
            self._process.wait()
            text = self.log_text(start)
            self._finish()
            raise ServerDidNotStart(text)
        self.http_url = ready[1]
        address = split(ready[2])
        assert address is not None, "the pattern has both"
        self.iso_address = (address[0], int(address[1]))

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def log_text(self, start: int = 0) -> str:
        """What servers on this data directory have logged, from a byte offset on."""
        self._log.seek(start)
        return self._log.read().decode()

    def kill(self) -> None:
        """End it at once (SIGKILL): no farewell, nothing flushed."""
        self._process.kill()
        self._finish()

    def stop(self) -> int:
        """End it politely (SIGTERM); returns its exit code."""
        self._process.terminate()
        return self._finish()

    def _finish(self) -> int:
        code = self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()
        return code


@contextmanager
def listening(module: str, *arguments: str) -> Iterator[tuple[int, tuple[str, int]]]:
    """A program that prints the port it listens on: its process id and address. It is killed at the end."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own programs
        try:
            assert process.stdout is not None
            yield process.pid, ("127.0.0.1", int(process.stdout.readline()))
        finally:
            process.kill()
