"""Recorded frames as they are asked for: each request with its answer, found by STAN or authorization.

Answers come when they are ready, so they are told apart by what they repeat of their request: DE 7 and DE 11.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from authz.iso8583.dialects.fields import Dialect, Framing
from authz.iso8583.dissection.dissected_message import Dissected
from authz.iso8583.encoding import codec
from authz.iso8583.message_types import answer_type, asks_for_an_answer
from simulators.sandbox.traffic.frame_recording import Batch
from tokenvault.vocabulary.errors import NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number, to_text

_TRANSMITTED, _STAN, _RESPONSE_CODE, _AUTHORIZATION = 7, 11, 39, 62
_EBCDIC = "cp1047"


@dataclass(frozen=True)
class Frame:
    """A recorded request. number: counted since the server has started.  peer: address of its sender.

    port, dialect: of the listener.  time_us, answered_us: Unix microseconds; the second None without an answer.
    """

    number: int
    port: int
    peer: str
    time_us: int
    request: Dissected
    answered_us: int | None = None
    answer: Dissected | None = None

    @property
    def id(self) -> str:
        """Its identifier."""
        return to_text(Prefix.FRAME, self.number)

    @property
    def stan(self) -> str | None:
        """DE 11 of the request, None where it could not be read."""
        return self.request.message.get(_STAN)

    @property
    def response_code(self) -> str | None:
        """DE 39 of the answer."""
        return None if self.answer is None else self.answer.message.get(_RESPONSE_CODE)

    @property
    def authorization_id(self) -> str | None:
        """The decision, from DE 62 of the answer; None where the message was not decided."""
        told = "" if self.answer is None else self.answer.message.get(_AUTHORIZATION, "").strip()
        return told if told.startswith(f"{Prefix.AUTHORIZATION}_") else None

    @cached_property
    def card_numbers(self) -> set[str]:
        """The numbers of cards in request and answer, not for people: neither may show them."""
        return self.request.card_numbers() | (self.answer.card_numbers() if self.answer is not None else set())


@dataclass(frozen=True)
class Wanted:
    """Which frames are asked for. None: whatever it is."""

    authorization_id: str | None = None
    stan: str | None = None

    def matches(self, frame: Frame) -> bool:
        """Whether a frame is asked for."""
        is_decision = self.authorization_id is None or frame.authorization_id == self.authorization_id
        return is_decision and (self.stan is None or frame.stan == self.stan)

    def may_be_in(self, batch: Batch) -> bool:
        """Whether a batch may hold such a frame: found without decoding any."""
        told = b"".join(answer for _, answer in batch.answers)
        is_decision = self.authorization_id is None or _holds(told, self.authorization_id)
        return is_decision and (self.stan is None or _holds(batch.chunk, self.stan))


def _holds(data: bytes, text: str) -> bool:
    """Whether a text stands somewhere, in any of the encodings of fields."""
    if text.encode() in data or text.encode(_EBCDIC, "replace") in data:
        return True
    return text.isdigit() and bytes.fromhex(text) in data


def found_frames(
    batches: list[Batch], kept: int, wanted: Wanted, before: int | None = None, limit: int | None = None
) -> list[Frame]:
    """Frames, the newest first. Called in a thread, for decoding takes time.

    batches: the newest first.  kept: only so many of the newest are looked at.  before: only those with a lower number.
    """
    found: list[Frame] = []
    left = kept
    for batch in batches:
        first = batch.first + max(0, len(batch.frames) - left)
        left -= len(batch.frames)
        if (before is None or batch.first < before) and wanted.may_be_in(batch):
            for frame in reversed(frames_of(batch)):
                is_there = frame.number >= first and (before is None or frame.number < before)
                if is_there and wanted.matches(frame):
                    found.append(frame)
        if left <= 0 or (limit is not None and len(found) >= limit):
            break
    return found[:limit]


def authorization_named(text: str | None) -> str | None:
    """The identifier of a decision as it came in. Raises: NotFound, for a text that names nothing."""
    if text is not None:
        to_number(Prefix.AUTHORIZATION, text)
    return text


def frame_number(text: str) -> int:
    """The number of a frame. Raises: NotFound."""
    return to_number(Prefix.FRAME, text)


def frame_numbered(batches: list[Batch], kept: int, text: str) -> Frame:
    """One frame by its identifier. Raises: NotFound, also where it is no longer kept."""
    number = frame_number(text)
    for frame in found_frames(batches, kept, Wanted(), before=number + 1, limit=1):
        if frame.number == number:
            return frame
    raise NotFound(f"no frame {text} is kept")


def frames_of(batch: Batch) -> list[Frame]:
    """The frames of a batch in their order, each with its answer."""
    dialect, answers = batch.line.dialect, _Answers(batch)
    frames = []
    for place, (start, end) in enumerate(batch.frames.tolist()):
        request = Dissected.of(batch.chunk[start:end], dialect)
        answered_us, answer = answers.to(request.message)
        frames.append(
            Frame(batch.first + place, batch.line.port, batch.peer, batch.time_us, request, answered_us, answer)
        )
    return frames


@dataclass
class _Answers:
    """The answers of a batch that belong to none of its requests yet."""

    batch: Batch
    _left: defaultdict[tuple[str | None, ...], deque[tuple[int, Dissected]]] = field(init=False)

    def __post_init__(self) -> None:
        self._left = defaultdict(deque)
        for time_us, sent in self.batch.answers:
            for encoded in _frames_in(sent, self.batch.line.dialect):
                answer = Dissected.of(encoded, self.batch.line.dialect)
                self._left[_repeated(answer.message.get(0), answer.message)].append((time_us, answer))

    def to(self, request: codec.Message) -> tuple[int | None, Dissected | None]:
        """The answer to a request, and when it was given."""
        message_type = request.get(0)
        if message_type is None or not asks_for_an_answer(message_type):
            return None, None
        waiting = self._left[_repeated(answer_type(message_type), request)]
        return waiting.popleft() if waiting else (None, None)


def _repeated(message_type: str | None, message: codec.Message) -> tuple[str | None, ...]:
    return message_type, message.get(_TRANSMITTED), message.get(_STAN)


def _frames_in(sent: bytes, dialect: Dialect) -> Iterator[bytes]:
    framing: Framing = dialect.framing
    position = 0
    while position < len(sent):
        start = position + framing.length_bytes
        position = start + framing.length(sent[position:start])
        yield sent[start:position]
