"""Copies of this process that each do one thing, within a time, and tell what came of it."""

import gc
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, BinaryIO, TypeVar

Key = TypeVar("Key")
Tell = Callable[[Any], None]

_living: set[int] = set()
"""This process's copies, each the leader of a group of its own."""


def in_copies(tasks: Iterable[tuple[Key, Callable[[], Any]]], jobs: int = 1) -> Iterator[tuple[Key, Any]]:
    """Do each task in a copy of this process, `jobs` at a time; yields what each returned as it ends.

    What a task returns must fit into JSON. It is None of a task that a signal has ended, such as `end_after`'s.
    Processes that a task has started end with it.
    """
    running: dict[int, tuple[Key, BinaryIO]] = {}
    try:
        for key, task in tasks:
            if len(running) == jobs:
                yield _next_ended(running)
            answer = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it was read
            child = _fork()
            if child == 0:
                _live(lambda task=task, answer=answer: answer.write(json.dumps(task()).encode()), answer, quiet=True)
            _living.add(child)
            running[child] = key, answer
        while running:
            yield _next_ended(running)
    finally:
        for child, (_, answer) in running.items():
            _end_group(child)
            os.waitpid(child, 0)
            _living.discard(child)
            answer.close()


def _fork() -> int:
    """A copy of this process, without the tables of networks that were here before: each has room for millions."""
    gc.collect()
    return os.fork()


def told_by_a_copy(task: Callable[[Tell], None]) -> Iterator[Any]:
    """Do one task in a copy of this process, and yield all that it tells meanwhile. Raises: ChildProcessError."""
    reader, writer = os.pipe()
    child = _fork()
    if child == 0:
        os.close(reader)
        stream = os.fdopen(writer, "wb", buffering=0)
        _live(lambda: task(lambda told: stream.write(json.dumps(told).encode() + b"\n")), stream, quiet=False)
    os.close(writer)
    _living.add(child)
    status = None
    try:
        with os.fdopen(reader, "rb") as stream:
            yield from map(json.loads, stream)
        status = os.waitpid(child, 0)[1]
    finally:
        if status is None:
            _end_group(child, signal.SIGTERM)  # it ends its own copies
            os.waitpid(child, 0)
        _living.discard(child)
    if status != 0:
        raise ChildProcessError("a copy of this process has failed, see above")


def end_copies_on_sigterm() -> None:
    """Let SIGTERM end the copies of this process, and theirs, before it ends the process itself."""
    signal.signal(signal.SIGTERM, _end_with_copies)


def _end_with_copies(number: int, _frame: object) -> None:
    for child in _living:
        _end_group(child, signal.SIGTERM)
    os._exit(128 + number)


def end_after(seconds: float) -> None:
    """End this process when it has computed for so long, or waited for ten times that."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 10 * seconds)


def _live(work: Callable[[], Any], stream: BinaryIO, *, quiet: bool) -> None:
    """The life of a copy, which never comes back from here."""
    status = 1
    try:
        os.setpgid(0, 0)
        _living.clear()
        if quiet:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            nowhere = os.open(os.devnull, os.O_RDWR)
            for standard in (0, 1, 2):
                os.dup2(nowhere, standard)
        work()
        stream.flush()
        status = 0
    except BaseException as error:
        if not quiet:
            sys.excepthook(type(error), error, error.__traceback__)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _next_ended(running: dict[int, tuple[Key, BinaryIO]]) -> tuple[Key, Any]:
    child, status = os.waitpid(-1, 0)
    _living.discard(child)
    _end_group(child)
    key, answer = running.pop(child)
    with answer:
        answer.seek(0)
        return key, json.loads(answer.read()) if status == 0 else None


def _end_group(child: int, number: int = signal.SIGKILL) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, number)
