"""The processor: turns received messages into commands, and results into answers.

Messages about tokens are read and answered by compiled code in batches. Other messages, and malformed ones, are
answered one at a time, see `plain_answers`.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import structlog

from authz.engine import Engine
from authz.iso8583.chip.chip_data import SIGNED_ATC, SIGNED_BYTES, SIGNED_BYTES_MAX, new_tags
from authz.iso8583.chip.signed_data import Calendar, DateTolerances
from authz.iso8583.dialects.fields import BINARY_LENGTH, Dialect
from authz.iso8583.encoding import codec
from authz.iso8583.encoding.scan import Buffer, Places, new_places, scan_table
from authz.iso8583.format_errors import NO_PROBLEM, FormatError
from authz.iso8583.messages.answering import room_for_answers, write_answers
from authz.iso8583.messages.reading import read_transactions
from authz.network.advice_limits import AdviceLimits
from authz.network.arrivals import Arrival, Reply, Senders, together
from authz.network.cryptograms import AnswerKey, CryptogramVerifier
from authz.network.peers import Peer
from authz.network.pin_verification import PinOutcome, PinVerifications
from authz.network.plain_answers import PlainAnswers
from authz.network.realtime_decisioning import IssuerDecisions
from authz.network.recent_format_errors import RecentFormatErrors
from authz.network.recent_undecided import RecentUndecided
from authz.network.turns import RoundRobin
from authz.vocabulary.commands import (
    COMMAND_BYTES,
    CardholderVerification,
    CryptogramOutcome,
    Decider,
    Flag,
    Records,
)
from authz.vocabulary.errors import EngineStopped
from authz.vocabulary.layouts import new_messages
from authz.vocabulary.reasons import LAST_APPROVAL, Reason

log = structlog.get_logger()

ISSUER_APPROVES = bytes.fromhex("00800000")
ISSUER_DECLINES = bytes.fromhex("00000000")
"""Card status update in tag 91: byte 2, bit 8 says that the issuer approves (EMV Book 3, annex C10)."""

_ISSUER_DATA_BYTES = 8

_SLOW_MESSAGES_IN_A_TURN = 4
"""Maximum number of messages, of all connections together, that interpreted code handles in one turn of the event loop:
those that are answered one at a time, and those with a PIN. They take half a millisecond, and a tap waits for three or
four turns.
"""


def framed(message: bytes) -> bytes:
    """A message behind its two-byte big-endian length."""
    return BINARY_LENGTH.framed(message)


class _Read(NamedTuple):
    """Messages as read. problems: int32[n], see `iso8583.messages.reading`; with a problem, no other value is valid."""

    commands: Records
    arqcs: Buffer
    problems: Places
    keys: list[AnswerKey | None]


class PaymentProcessor:
    """Decodes messages, verifies cryptograms, submits commands, and answers. Runs in the engine's event loop."""

    messages_in_a_turn = 256

    def __init__(
        self,
        engine: Engine,
        verifier: CryptogramVerifier,
        dialect: Dialect,
        decisions: IssuerDecisions,
        pins: PinVerifications,
        advice_limits: AdviceLimits | None = None,
        tolerances: DateTolerances | None = None,
        wall_clock: Callable[[], float] | None = None,
    ) -> None:
        self._engine = engine
        self._decisions = decisions
        self._verifier = verifier
        self._pins = pins
        self._advice_limits = advice_limits or AdviceLimits()
        self._dialect = dialect
        self._table = scan_table(dialect)
        clocks = (self._engine_clock,) if wall_clock is None else (self._engine_clock, wall_clock)
        self._calendar = Calendar(tolerances or DateTolerances(), clocks)
        self._places = new_places()
        self._tags = new_tags()
        self._arrived: list[Arrival] = []
        self._slowly = RoundRobin(_SLOW_MESSAGES_IN_A_TURN)
        self.decisions: Counter[Reason] = Counter()
        self.format_errors = RecentFormatErrors()
        self.undecided = RecentUndecided()
        self._plain_answers = PlainAnswers(dialect, self.format_errors, self.undecided, lambda: engine.now_us)

    @property
    def issuer_deciders(self) -> Mapping[Decider, int]:
        """How often authorizations that waited were decided by the issuer, and how often by default, and why."""
        return self._decisions.deciders

    def receive(self, chunk: bytes, frames: Places, peer: Peer, reply: Reply) -> None:
        """Take complete messages of one connection; reply is called later, once or several times, for all of them.

        The messages of all connections in one turn of the loop are processed together at its end, because one call of
        compiled code costs as much as processing many messages.

        chunk: bytes of the stream.  frames: int32[n, 2], start and end of each message in chunk.
        """
        self._arrived.append(Arrival(chunk, frames, peer, reply))
        if len(self._arrived) == 1:
            asyncio.get_running_loop().call_soon(self._take_arrived)

    def _take_arrived(self) -> None:
        """Process everything that arrived in this turn."""
        arrivals, self._arrived = self._arrived, []
        self._take(*together(arrivals))

    def _take(self, chunk: bytes, frames: Places, senders: Senders) -> None:
        """Take messages of several connections. If one cannot be processed, it alone is answered as a malfunction."""
        try:
            read = self._read(chunk, frames)
        except Exception:
            log.exception("messages_not_read", count=len(frames))
            if len(frames) == 1:
                senders.of(0).reply(self._plain_answers.malfunction(chunk[frames[0, 0] : frames[0, 1]]), 1)
                return
            for one in (slice(i, i + 1) for i in range(len(frames))):
                self._take(chunk, frames[one], senders[one])
            return
        self._take_read(chunk, frames, read, senders)

    def _engine_clock(self) -> float:
        """The network's time, Unix seconds."""
        return self._engine.now_us / 1e6

    def _read(self, chunk: bytes, frames: Places) -> _Read:
        """Read messages into commands, and verify their cryptograms."""
        count = len(frames)
        commands = new_messages(count)
        signed, arqcs = np.zeros((count, SIGNED_BYTES_MAX), np.uint8), np.zeros((count, 8), np.uint8)
        online, problems = np.zeros(count, np.uint8), np.zeros(count, np.int32)
        read_transactions(
            np.frombuffer(chunk, np.uint8),
            frames,
            self._table,
            self._places,
            self._tags,
            commands,
            commands.view(np.uint8).reshape(count, COMMAND_BYTES),
            signed,
            arqcs,
            online,
            problems,
            self._calendar.now(),
        )
        return _Read(commands, arqcs, problems, self._verify(commands, signed, arqcs, online))

    def _take_read(self, chunk: bytes, frames: Places, read: _Read, senders: Senders) -> None:
        """Answer what is not a well-formed message about a token, have PINs verified, and have the rest decided.

        A message that is answered one at a time costs ten times as much, so it waits for its peer's turn.
        """
        commands, arqcs, problems, keys = read
        if problems.any():
            for i in np.flatnonzero(problems).tolist():
                arrival, message = senders.of(i), chunk[frames[i, 0] : frames[i, 1]]
                answer = partial(self._plain_answers.answer_other, message, int(problems[i]), arrival.peer)
                self._slowly.add(arrival.peer.address, partial(self._reply_one, answer, message, arrival))
            good = np.flatnonzero(problems == NO_PROBLEM)
            commands, frames, arqcs, senders = commands[good], frames[good], arqcs[good], senders[good]
            keys = [keys[i] for i in good]
        strangers = senders.strangers(commands)
        if strangers:
            for i in strangers:
                arrival, message = senders.of(i), chunk[frames[i, 0] : frames[i, 1]]
                answer = partial(self._refuse_sender, message, arrival.peer)
                self._slowly.add(arrival.peer.address, partial(self._reply_one, answer, message, arrival))
            rest = np.delete(np.arange(len(commands)), strangers)
            commands, frames, arqcs, senders = commands[rest], frames[rest], arqcs[rest], senders[rest]
            keys = [keys[i] for i in rest]
        self._advice_limits.mark(commands)
        with_pin = commands["flags"] & Flag.PIN_ENTERED != 0
        if with_pin.any():
            for i in np.flatnonzero(with_pin).tolist():
                one = slice(i, i + 1)
                message, sender = chunk[frames[i, 0] : frames[i, 1]], senders[one]
                verify = partial(self._verify_pin, message, commands[one].copy(), arqcs[one].copy(), keys[i], sender)
                self._slowly.add(sender.of(0).peer.address, verify)
            rest = np.flatnonzero(~with_pin)
            commands, frames, arqcs, senders = commands[rest], frames[rest], arqcs[rest], senders[rest]
            keys = [keys[i] for i in rest]
        if len(commands):
            self._decide(np.frombuffer(chunk, np.uint8), frames, commands, arqcs, keys, senders)

    def _refuse_sender(self, message: bytes, peer: Peer) -> bytes:
        self.decisions[Reason.ACQUIRER_NOT_AUTHORIZED] += 1
        return self._plain_answers.refuse_sender(message, peer)

    def _verify_pin(
        self, encoded: bytes, commands: Records, arqcs: Buffer, key: AnswerKey | None, sender: Senders
    ) -> None:
        """Have the PIN of one message verified, and then the message decided."""
        arrival, frames = sender.of(0), np.array([[0, len(encoded)]], np.int32)

        def decide(outcome: PinOutcome) -> None:
            if outcome is PinOutcome.UNKNOWN:
                arrival.reply(self._plain_answers.malfunction(encoded), 1)
            else:
                self._decide(np.frombuffer(encoded, np.uint8), frames, commands, arqcs, [key], sender)

        try:
            self._pins.verify(codec.decode(encoded, self._dialect), commands, decide)
            return
        except codec.MessageError as error:
            answer = partial(self.refuse_format, error.fields, error.error, arrival.peer)
        except Exception:
            log.exception("pin_not_verified")
            answer = partial(self._plain_answers.malfunction, encoded)
        self._reply_one(answer, encoded, arrival)

    def _decide(
        self,
        buffer: Buffer,
        frames: Places,
        commands: Records,
        arqcs: Buffer,
        keys: list[AnswerKey | None],
        senders: Senders,
    ) -> None:
        """Have the engine decide, and answer."""

        def answer(results: Records) -> None:
            waiting = results["reason"] == Reason.AWAITING_ISSUER
            if not waiting.any():
                self._reply(buffer, frames, results, arqcs, keys, senders)
                return
            rest = np.flatnonzero(~waiting)
            if len(rest):
                decided = [keys[i] for i in rest]
                self._reply(buffer, frames[rest], results[rest], arqcs[rest], decided, senders[rest])
            for i in np.flatnonzero(waiting).tolist():
                one = slice(i, i + 1)
                answer_one = partial(
                    self._reply, buffer, frames[one], arqcs=arqcs[one], keys=[keys[i]], senders=senders[one]
                )
                self._decisions.ask(commands[one].copy(), results[one].copy(), answer_one)

        with contextlib.suppress(EngineStopped):  # after that no message is answered
            self._engine.submit(commands, answer)

    def _reply(
        self,
        buffer: Buffer,
        frames: Places,
        results: Records,
        arqcs: Buffer,
        keys: list[AnswerKey | None],
        senders: Senders,
    ) -> None:
        """Answer decided messages.

        If an answer cannot be made, none is sent. The decision stands, and the terminal, which receives no answer,
        reverses it.
        """
        try:
            answers = self._answers(buffer, frames, results, arqcs, keys)
        except Exception:
            log.exception("answers_not_made", count=len(frames))
            if len(frames) == 1:
                senders.reply(b"")
                return
            for one in (slice(i, i + 1) for i in range(len(frames))):
                self._reply(buffer, frames[one], results[one], arqcs[one], keys[one], senders[one])
            return
        senders.reply(answers)

    def _verify(self, commands: Records, signed: Buffer, arqcs: Buffer, online: Buffer) -> list[AnswerKey | None]:
        """Verify each cryptogram and write the outcome into its command; return the keys of the response cryptograms.

        The cardholder verification that a phone reports counts only if its cryptogram is valid.
        """
        keys: list[AnswerKey | None] = [None] * len(commands)
        wanted = np.flatnonzero(online)
        pans, versions = commands["token_pan"].tolist(), commands["cryptogram_version"].tolist()
        indexes, psns = commands["key_index"].tolist(), commands["pan_sequence_number"].tolist()
        key_names = commands["limited_use_key"].tolist()
        signed_bytes, arqc_bytes = signed.tobytes(), arqcs.tobytes()
        verified = self._verifier.verified
        valid = []
        for i in wanted.tolist():
            start = i * SIGNED_BYTES_MAX
            data = signed_bytes[start : start + (SIGNED_BYTES_MAX if key_names[i] else SIGNED_BYTES)]
            arqc = arqc_bytes[i * 8 : i * 8 + 8]
            key = verified(pans[i], psns[i], versions[i], indexes[i], key_names[i], data[SIGNED_ATC], data, arqc)
            if key is not None:
                keys[i] = key
                valid.append(i)
        commands["cryptogram_outcome"][valid] = CryptogramOutcome.VALID
        unproven = commands["cryptogram_outcome"] != CryptogramOutcome.VALID
        commands["cardholder_verification"][unproven] = CardholderVerification.NONE
        return keys

    def _answers(
        self, buffer: Buffer, frames: Places, results: Records, arqcs: Buffer, keys: list[AnswerKey | None]
    ) -> bytes:
        """The framed answers to decided messages."""
        count = len(results)
        issuer_data_bytes = np.zeros(count, np.uint8)
        arqc_bytes, reasons = arqcs.tobytes(), results["reason"].tolist()
        whole = bytearray(count * _ISSUER_DATA_BYTES)
        for i, key in enumerate(keys):
            if key is not None:
                update = ISSUER_APPROVES if reasons[i] <= LAST_APPROVAL else ISSUER_DECLINES
                start = i * _ISSUER_DATA_BYTES
                whole[start : start + _ISSUER_DATA_BYTES] = key.arpc(arqc_bytes[i * 8 : i * 8 + 8], update) + update
                issuer_data_bytes[i] = _ISSUER_DATA_BYTES
        issuer_data = np.frombuffer(whole, np.uint8).reshape(count, _ISSUER_DATA_BYTES)
        for reason, number in Counter(reasons).items():
            self.decisions[Reason(reason)] += number
        references = results["payment_account_reference"].copy().view(np.uint8).reshape(count, -1)
        out = room_for_answers(count)
        length = write_answers(
            buffer, frames, self._table, self._places, results, references, issuer_data, issuer_data_bytes, out
        )
        return out[:length].tobytes()

    def _reply_one(self, answer: Callable[[], bytes], message: bytes, arrival: Arrival) -> None:
        """Answer one message, once: as a malfunction where its answer cannot be made, and with nothing where that fails
        too, since its line waits for it.
        """
        try:
            made = answer()
        except Exception:
            log.exception("message_not_answered")
            made = self._plain_answers.malfunction(message)
        arrival.reply(made, 1)

    def refuse_format(self, fields: codec.Message, error: FormatError, peer: Peer) -> bytes:
        """The answer to a malformed message, see `PlainAnswers.refuse_format`."""
        return self._plain_answers.refuse_format(fields, error, peer)
