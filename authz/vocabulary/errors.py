"""Errors that stop an engine or refuse a caller. Declines are not errors: they are values, see `reasons`."""

from pathlib import Path


class EngineError(Exception):
    """An error after which the engine cannot continue; its text says what to check."""


class JournalDamaged(EngineError):
    """Bytes in the middle of the journal differ from what was written. Nothing was changed."""

    def __init__(self, path: Path, offset: int, reason: str) -> None:
        super().__init__(
            f"journal {path} is damaged at byte {offset}: {reason}. Restore the file, or end the journal before the "
            f"damage: tapwright journal accept-loss --data-dir {path.parent.parent}"
        )
        self.path = path
        self.offset = offset


class JournalOutdated(EngineError):
    """The journal has the record layout of an earlier version, which can be converted. Nothing was changed."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"journal {path} was written by an earlier version: "
            f"run `tapwright journal upgrade --data-dir {path.parent}`, then start again"
        )


class JournalTooOld(EngineError):
    """A journal cannot be converted to this version's record layout. Nothing was changed."""


class CheckpointDamaged(EngineError):
    """No checkpoint that the journal needs can be read. Nothing was changed."""


class JournalEndsEarly(EngineError):
    """A checkpoint contains commands that the journal does not have: its end is missing. Nothing was changed."""

    def __init__(self, checkpoint: int, journal: int) -> None:
        super().__init__(f"the last checkpoint is of command {checkpoint}, but the journal ends with command {journal}")


class ForeignFile(EngineError):
    """A file of another network lies in this one's data directory. Nothing was changed."""

    def __init__(self, path: Path, found: bytes, expected: bytes) -> None:
        super().__init__(
            f"{path} belongs to network {found.hex()}, not to {expected.hex()} as the rest of this data directory: "
            "restore the file that belongs here"
        )


class AcknowledgedLoss(EngineError):
    """Acknowledged commands are missing: the journal, vault, checkpoints and history disagree. Nothing was changed."""


class JournalFenced(EngineError):
    """An append has another sequence number than the journal expects: another process has written to it."""


class DirectoryInUse(EngineError):
    """Another process holds this data directory."""


class JournalFromElsewhere(EngineError):
    """The journal has a command with a value that this version does not define. Nothing was changed."""

    def __init__(self, sequence: int, field: str, value: int) -> None:
        super().__init__(f"command {sequence} of the journal has {field} {value}, which this version does not define")


class UndefinedValue(ValueError):
    """A command has an undefined value. None of the commands in the same batch was accepted."""

    def __init__(self, field: str, value: int) -> None:
        super().__init__(f"a command has {field} {value}, which is not defined")


class HistoryUnavailable(Exception):
    """The history does not have the requested data, or not yet; try again later. The engine is not affected."""


class EngineStopped(EngineError):
    """The engine has stopped; it accepts no more commands."""


class ExplanationsBusy(Exception):
    """The maximum number of explanations is in progress; try again later."""
