"""The traffic of a portfolio: merchants, amounts, follow-ups and attacks. Seeded."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from authz.iso8583.dialects.fields import built_in
from authz.iso8583.encoding import codec
from authz.network.processor import framed
from simulators.load.taps import STANS, TAPS_MAX, LoadPhone, TapTemplate, field_places
from simulators.parties.merchant import Merchant
from simulators.terminals.messages import MessageMaker


class Sort(IntEnum):
    """Sorts of requests, by what is meant to come of them."""

    TAP = 0  # a purchase that holds its amount
    COMPLETION = 1  # 0220: the amount of an earlier one is posted
    REVERSAL = 2  # 0420: an earlier one is taken back
    TOO_MUCH = 3  # a purchase above the account's limit
    REPLAYED = 4  # an attack: a tap that was recorded and comes again
    ALTERED = 5  # an attack: another amount than the phone has signed
    FORGED = 6  # an attack: a cryptogram without the key
    PLAIN = 7  # a request of a host that is not ours: whatever it answers

    @property
    def is_approved(self) -> bool:
        """Whether the answer should be an approval."""
        return self in (Sort.TAP, Sort.COMPLETION, Sort.REVERSAL, Sort.PLAIN)


@dataclass(frozen=True)
class Mix:
    """Shares of all requests; what is left are taps."""

    completions: float = 0.05
    reversals: float = 0.01
    too_much: float = 0.015
    attacks: float = 0.005

    def shares(self) -> Mapping[Sort, float]:
        """The share of each sort."""
        attack = self.attacks / 3
        others = {
            Sort.COMPLETION: self.completions,
            Sort.REVERSAL: self.reversals,
            Sort.TOO_MUCH: self.too_much,
            Sort.REPLAYED: attack,
            Sort.ALTERED: attack,
            Sort.FORGED: attack,
        }
        return {Sort.TAP: 1.0 - sum(others.values()), **others}


TAPS_ONLY = Mix(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Habit:
    """One category of merchants: how often it is paid at, by day and by night, and the usual amount (minor units)."""

    merchant: Merchant
    by_day: float
    by_night: float
    usual_minor: int


def _habit(name: str, category: str, by_day: float, by_night: float, usual_minor: int) -> Habit:
    return Habit(Merchant(name, "BERLIN", f"{name[:11]:<11}{category}", category), by_day, by_night, usual_minor)


HABITS = (
    _habit("TAPWRIGHT CAFE", "5814", 22, 8, 650),
    _habit("TAPWRIGHT GROCER", "5411", 30, 4, 2_700),
    _habit("TAPWRIGHT TRAM", "4111", 14, 10, 320),
    _habit("TAPWRIGHT DINER", "5812", 12, 25, 3_400),
    _habit("TAPWRIGHT FUEL", "5541", 6, 12, 6_200),
    _habit("TAPWRIGHT CHEMIST", "5912", 6, 2, 1_500),
    _habit("TAPWRIGHT STORE", "5311", 8, 1, 5_500),
    _habit("TAPWRIGHT BAR", "5813", 2, 38, 1_900),
)
"""Where people pay. Each phone keeps to a few of them."""

_DAY_BEGINS, _DAY_ENDS = 6, 22
_SPREAD = 0.6
_LEAST_MINOR = 100
_TOO_MUCH_MINOR = 50_000_000
_REMEMBERED = 64
_CUSTOMERS_ALIKE = 0.7
"""How unequal customers are: the n-th busiest pays in proportion to 1 / n to this power."""

TRANSACTION_LIMIT_MINOR = 10_000_000
"""What the accounts of load phones may spend at once."""


@dataclass(frozen=True)
class Chunk:
    """Requests that follow each other on one line: their bytes end to end, and where each begins.

    frames: octets.  starts: int64[n + 1].  first_stan: DE 11 of the first; the others follow.  sorts: uint8[n].
    """

    frames: bytes | npt.NDArray[np.uint8]
    starts: npt.NDArray[np.int64]
    first_stan: int
    sorts: npt.NDArray[np.uint8]

    def requests(self) -> list[bytes]:
        """The framed requests one by one."""
        frames = bytes(self.frames)
        return [frames[start:end] for start, end in pairwise(self.starts.tolist())]


class TrafficExhausted(Exception):
    """The phones can pay no more."""


@dataclass(frozen=True)
class _Made:
    """What is remembered of a tap, for what refers to it."""

    template: TapTemplate
    amount_minor: int
    stan: int
    reference: int
    transmitted: bytes
    frame: bytes


class LineTraffic:
    """What comes over one line: its own phones', each request numbered."""

    def __init__(self, phones: list[LoadPhone], mix: Mix, seed: int) -> None:
        self._phones = phones
        self._random = np.random.default_rng(seed)
        self._sorts = list(mix.shares())
        self._shares = np.array(list(mix.shares().values()))
        weights = 1.0 / np.arange(1, len(phones) + 1) ** _CUSTOMERS_ALIKE
        self._weights = self._random.permutation(weights / weights.sum())
        self._number = 0
        self._open: deque[_Made] = deque(maxlen=_REMEMBERED)

    def chunk(self, count: int, hour: int, now: float) -> Chunk:
        """So many requests of an hour of the day. now: Unix seconds, their DE 7."""
        transmitted = _transmitted(now)
        random, first_stan = self._random, self._number % STANS
        sorts = random.choice(len(self._sorts), count, p=self._shares)
        customers = random.choice(len(self._phones), count, p=self._customers())
        amounts = np.exp(random.normal(0.0, _SPREAD, count))
        places, numbers = random.random(count), random.integers(0, 1 << 32, count, dtype=np.uint32)
        frames, done = [], np.empty(count, np.uint8)
        for i in range(count):
            phone = self._phones[customers[i]]
            template = phone.templates[self._merchant(len(phone.templates), hour, float(places[i]))]
            usual = _HABIT[template.message[18]].usual_minor * float(amounts[i])
            sort = self._sorts[sorts[i]]
            if sort in _NEEDS_ANOTHER and not self._open:
                sort = Sort.TAP
            frames.append(self._request(sort, phone, template, int(usual), transmitted, int(numbers[i])))
            done[i] = sort
        starts = np.zeros(count + 1, np.int64)
        np.cumsum([len(frame) for frame in frames], out=starts[1:])
        return Chunk(b"".join(frames), starts, first_stan, done)

    def _customers(self) -> npt.NDArray[np.float64]:
        """How likely each customer is the next; one whose phone has no transaction counters left pays no more."""
        weights = self._weights * [phone.counter < TAPS_MAX for phone in self._phones]
        if not weights.any():
            raise TrafficExhausted("every phone has used up its transaction counters: this load needs more phones")
        return np.asarray(weights / weights.sum(), np.float64)

    @staticmethod
    def _merchant(count: int, hour: int, place: float) -> int:
        """Which of a phone's merchants, whose habits stand first in `HABITS`."""
        is_day = _DAY_BEGINS <= hour < _DAY_ENDS
        edges = (_EDGES_BY_DAY if is_day else _EDGES_BY_NIGHT)[count]
        return int(np.searchsorted(edges, place * edges[-1], side="right"))

    def _request(
        self, sort: Sort, phone: LoadPhone, template: TapTemplate, usual: int, transmitted: bytes, number: int
    ) -> bytes:
        stan, reference = self._number % STANS, self._number
        self._number += 1
        if sort is Sort.COMPLETION or sort is Sort.REVERSAL:
            return _referring(sort, self._open.popleft(), stan, reference, transmitted)
        if sort is Sort.REPLAYED:
            return _renumbered(self._open[-1], stan)
        amount = _TOO_MUCH_MINOR if sort is Sort.TOO_MUCH else min(max(usual, _LEAST_MINOR), _TOO_MUCH_MINOR // 100)
        frame = phone.tap(
            template,
            amount_minor=amount,
            stan=stan,
            reference=reference,
            transmitted=transmitted,
            number=number.to_bytes(4, "big"),
        )
        if sort is Sort.ALTERED:
            start = template.places["amount"]
            frame[start : start + 12] = b"%012d" % (amount + 1)
        elif sort is Sort.FORGED:
            frame[template.places["cryptogram"]] ^= 1
        elif sort is Sort.TAP:
            self._open.append(_Made(template, amount, stan, reference, transmitted, bytes(frame)))
        return bytes(frame)


_NEEDS_ANOTHER = (Sort.COMPLETION, Sort.REVERSAL, Sort.REPLAYED)
_HABIT = {habit.merchant.category: habit for habit in HABITS}
_EDGES_BY_DAY = [np.cumsum([habit.by_day for habit in HABITS[:count]]) for count in range(len(HABITS) + 1)]
_EDGES_BY_NIGHT = [np.cumsum([habit.by_night for habit in HABITS[:count]]) for count in range(len(HABITS) + 1)]


def _referring(sort: Sort, made: _Made, stan: int, reference: int, transmitted: bytes) -> bytes:
    """A completion or reversal of an earlier tap."""
    original = made.template.message | {
        4: f"{made.amount_minor:012d}",
        7: made.transmitted.decode(),
        11: f"{made.stan:06d}",
        37: f"{made.reference:012d}",
    }
    maker = MessageMaker(original[41], _HABIT[original[18]].merchant, time.time, stan)
    numbered = {7: transmitted.decode(), 11: f"{stan:06d}", 12: original[12], 13: original[13]}
    if sort is Sort.COMPLETION:
        message = maker.completion(original, made.amount_minor) | numbered | {37: f"{reference:012d}"}
    else:
        message = maker.reversal(original) | numbered
    return framed(codec.encode(message, built_in()))


def _renumbered(made: _Made, stan: int) -> bytes:
    """A tap that was recorded, under a number of its own: the phone has signed neither STAN nor reference."""
    frame = bytearray(made.frame)
    start = made.template.places["stan"]
    frame[start : start + 6] = b"%06d" % stan
    return bytes(frame)


class PlainTraffic:
    """One given request, repeated with new numbers: for a host that does not know the sandbox's cards."""

    def __init__(self, message: codec.Message) -> None:
        self._frame = framed(codec.encode({**message, 7: "0101000000", 11: "000000", 37: "0" * 12}, built_in()))
        self._places = field_places(self._frame)
        self._number = 0

    def chunk(self, count: int, hour: int, now: float) -> Chunk:
        """See `LineTraffic.chunk`."""
        first_stan, frame, frames = self._number % STANS, bytearray(self._frame), []
        for _ in range(count):
            for field, value in (
                (7, _transmitted(now)),
                (11, b"%06d" % (self._number % STANS)),
                (37, b"%012d" % self._number),
            ):
                frame[self._places[field] : self._places[field] + len(value)] = value
            frames.append(bytes(frame))
            self._number += 1
        starts = np.arange(count + 1, dtype=np.int64) * len(frame)
        return Chunk(b"".join(frames), starts, first_stan, np.full(count, Sort.PLAIN, np.uint8))


def _transmitted(now: float) -> bytes:
    """DE 7."""
    return time.strftime("%m%d%H%M%S", time.gmtime(now)).encode()
