"""Messages that have arrived from several connections, and the connections that await the answers."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from authz.arrays.compiled import compiled
from authz.iso8583.encoding.scan import Places, split_frames
from authz.network.peers import ANY_ACQUIRER, Peer
from authz.vocabulary.commands import Records
from tokenvault.background.errands import attempted

_ANSWER_BYTES_MAX = 65_535
_ANY = np.uint64(ANY_ACQUIRER)
"""Unsigned, because numba compares a signed and an unsigned integer as floats, which lose the last digits."""

Reply = Callable[[bytes, int], None]
"""Sends framed answers; the number is the count of messages that they answer."""


@dataclass(frozen=True)
class Arrival:
    """Complete messages of one connection. frames: int32[n, 2], start and end of each message in chunk."""

    chunk: bytes
    frames: Places
    peer: Peer
    reply: Reply


@compiled
def names_another(commands: Records, owners: npt.NDArray[np.int64], usual: npt.NDArray[np.uint64]) -> bool:
    """Whether any message names another acquirer than the one that was checked last for its peer.

    commands: MESSAGE[n].  owners: int64[n], indexes into usual.  usual: `Peer.usual_acquirer` of each arrival.
    """
    for i in range(len(commands)):
        expected = usual[owners[i]]
        if expected != _ANY and expected != np.uint64(commands[i]["acquirer"]):
            return True
    return False


@dataclass(frozen=True)
class Senders:
    """The senders of a batch of messages. owners: int64[messages], ascending indexes into arrivals."""

    arrivals: list[Arrival]
    owners: npt.NDArray[np.int64]

    def __getitem__(self, chosen: "slice | npt.NDArray[np.int64]") -> "Senders":
        return Senders(self.arrivals, self.owners[chosen])

    def __len__(self) -> int:
        return len(self.owners)

    def strangers(self, commands: Records) -> list[int]:
        """The indexes of messages that name an acquirer that their peer may not name. commands: MESSAGE[messages]."""
        usual = np.array([each.peer.usual_acquirer for each in self.arrivals], np.uint64)
        if not names_another(commands, self.owners, usual):
            return []
        named = enumerate(commands["acquirer"].tolist())
        return [i for i, acquirer in named if not self.of(i).peer.may_speak_for(acquirer)]

    def of(self, message: int) -> Arrival:
        """The arrival that a message belongs to."""
        return self.arrivals[int(self.owners[message])]

    def reply(self, answers: bytes) -> None:
        """Send framed answers, one for each message, to the connections that the messages came from."""
        edges = [0, *(np.flatnonzero(np.diff(self.owners)) + 1).tolist(), len(self.owners)]
        if len(edges) == 2:
            self.of(0).reply(answers, len(self))
            return
        frames = np.zeros((len(self), 2), np.int32)
        split_frames(np.frombuffer(answers, np.uint8), frames, _ANSWER_BYTES_MAX)
        start = 0
        for first, end in pairwise(edges):
            stop = int(frames[end - 1, 1])
            attempted("answers to a connection", self.of(first).reply, answers[start:stop], end - first)
            start = stop


def together(arrivals: list[Arrival]) -> tuple[bytes, Places, Senders]:
    """All arrivals as one chunk: its bytes, its frames, and the senders of its messages."""
    counts = [len(each.frames) for each in arrivals]
    senders = Senders(arrivals, np.repeat(np.arange(len(arrivals)), counts))
    if len(arrivals) == 1:
        return arrivals[0].chunk, arrivals[0].frames, senders
    starts = accumulate((len(each.chunk) for each in arrivals[:-1]), initial=0)
    frames = np.concatenate([each.frames + start for each, start in zip(arrivals, starts, strict=True)])
    return b"".join(each.chunk for each in arrivals), frames, senders
