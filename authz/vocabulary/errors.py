"""What stops an engine or refuses a caller. Declines are not here: they are values, see `reasons`."""

from pathlib import Path


class EngineError(Exception):
    """Something that the engine cannot carry on after; the text says what to look at."""


class JournalDamaged(EngineError):
    """Bytes in the middle of the journal are not what was written. Nothing was changed."""

    def __init__(self, path: Path, offset: int, reason: str) -> None:
        super().__init__(
            f"journal {path} is damaged at byte {offset}: {reason}. Put the file back as it was, or go on without what "
            f"is behind: tapwright journal accept-loss --data-dir {path.parent.parent}"
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
    """A checkpoint tells of commands that the journal does not hold: its end is missing. Nothing was changed."""

    def __init__(self, checkpoint: int, journal: int) -> None:
        super().__init__(f"the last checkpoint is of command {checkpoint}, but the journal ends with command {journal}")


class ForeignFile(EngineError):
    """A file of another network lies in this one's data directory. Nothing was changed."""

    def __init__(self, path: Path, found: bytes, expected: bytes) -> None:
        super().__init__(
            f"{path} belongs to network {found.hex()}, not to {expected.hex()} as the rest of this data directory: "
            "put back the file that belongs here"
        )


class AcknowledgedLoss(EngineError):
    """The journal, the vault and what else remembers the journal's end do not fit together. Nothing was changed."""


class JournalFenced(EngineError):
    """An append named another sequence than the journal expects: somebody else has written."""


class DirectoryInUse(EngineError):
    """Another process holds this data directory."""


class JournalFromElsewhere(EngineError):
    """The journal holds a command that this version does not know. Nothing was changed."""

    def __init__(self, sequence: int, field: str, value: int) -> None:
        super().__init__(f"command {sequence} of the journal names {field} {value}, which this version does not know")


class UndefinedValue(ValueError):
    """A caller's command names something that is not defined. None of those given with it was taken."""

    def __init__(self, field: str, value: int) -> None:
        super().__init__(f"a command names {field} {value}, which is not defined")


class HistoryUnavailable(Exception):
    """The read side does not tell, or not yet, what was asked for; ask again later. The engine is not concerned."""


class EngineStopped(EngineError):
    """The engine has stopped; no command is taken any more."""


class ExplanationsBusy(Exception):
    """So many explanations are being made that no more are taken for the moment."""
