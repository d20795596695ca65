"""The network: from bytes on the wire to commands, and from results back to answers.

Messages about tokens go through compiled code in batches; the rest, and everything malformed, through the codec.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt
import structlog

from authz.commands import COMMAND_BYTES, CardholderVerification, CryptogramOutcome, Flag, Records, new_commands
from authz.cryptograms import AnswerKey, CryptogramVerifier
from authz.engine import Engine
from authz.iso8583 import codec
from authz.iso8583.answering import room_for_answers, write_answers
from authz.iso8583.chip_data import SIGNED_ATC, SIGNED_BYTES, SIGNED_BYTES_MAX, new_tags
from authz.iso8583.fields import BINARY_LENGTH, Dialect
from authz.iso8583.reading import OTHER_MESSAGE, read_transactions
from authz.iso8583.responses import plain_response
from authz.iso8583.scan import NO_PROBLEM, Buffer, Places, new_places, problem_text, scan_table, split_frames
from authz.iso8583.server import Reply
from authz.issuer_server import Decider, IssuerDecisions
from authz.pin_entry import PinOutcome, PinVerifications
from authz.reasons import LAST_APPROVAL, Reason

log = structlog.get_logger()

FORMAT_ERROR, FUNCTION_NOT_SUPPORTED, INVALID_TRANSACTION, SYSTEM_MALFUNCTION = "30", "40", "12", "96"
SIGN_ON, SIGN_OFF, ECHO_TEST = "001", "002", "301"

ISSUER_APPROVES = bytes.fromhex("00800000")
ISSUER_DECLINES = bytes.fromhex("00000000")
"""Card status update in tag 91: byte 2, bit 8 says that the issuer approves (EMV Book 3, annex C10)."""

_ISSUER_DATA_BYTES = 8
_ANSWER_BYTES_MAX = 65_535


def framed(message: bytes) -> bytes:
    """A message behind its two-byte big-endian length."""
    return BINARY_LENGTH.framed(message)


@dataclass(frozen=True)
class _Arrival:
    """Whole messages of one connection, and who waits for their answers."""

    chunk: bytes
    frames: Places
    peer: str
    reply: Reply


@dataclass(frozen=True)
class _Senders:
    """Who has sent some messages. owners: int64[messages], places in arrivals, in order."""

    arrivals: list[_Arrival]
    owners: npt.NDArray[np.int64]

    def __getitem__(self, chosen: "slice | npt.NDArray[np.int64]") -> "_Senders":
        return _Senders(self.arrivals, self.owners[chosen])

    def reply(self, answers: bytes) -> None:
        """Hand framed answers, one to each message, to those whose messages they are to."""
        edges = [0, *(np.flatnonzero(np.diff(self.owners)) + 1).tolist(), len(self.owners)]
        if len(edges) == 2:
            self.arrivals[self.owners[0]].reply(answers, len(self.owners))
            return
        frames = np.zeros((len(self.owners), 2), np.int32)
        split_frames(np.frombuffer(answers, np.uint8), frames, _ANSWER_BYTES_MAX)
        start = 0
        for first, end in pairwise(edges):
            stop = int(frames[end - 1, 1])
            self.arrivals[self.owners[first]].reply(answers[start:stop], end - first)
            start = stop


class Network:
    """Decodes, verifies cryptograms, asks the engine, answers. Belongs to the engine's event loop."""

    def __init__(
        self,
        engine: Engine,
        verifier: CryptogramVerifier,
        dialect: Dialect,
        decisions: IssuerDecisions,
        pins: PinVerifications,
    ) -> None:
        self._engine = engine
        self._decisions = decisions
        self._verifier = verifier
        self._pins = pins
        self._dialect = dialect
        self._table = scan_table(dialect)
        self._places = new_places()
        self._tags = new_tags()
        self._arrived: list[_Arrival] = []
        self.decisions: Counter[Reason] = Counter()
        self.format_errors = 0

    @property
    def issuer_deciders(self) -> Mapping[Decider, int]:
        """Who has decided on authorizations that waited, and how often."""
        return self._decisions.deciders

    def receive(self, chunk: bytes, frames: Places, peer: str, reply: Reply) -> None:
        """Take whole messages of one connection; reply is called later, once or several times, for all of them.

        What all connections bring in one turn of the loop is worked on together at its end: the cost of a call into
        compiled code is that of many messages.

        chunk: bytes of the stream.  frames: int32[n, 2], start and end of each message in chunk.
        """
        self._arrived.append(_Arrival(chunk, frames, peer, reply))
        if len(self._arrived) == 1:
            asyncio.get_running_loop().call_soon(self._take_arrived)

    def _take_arrived(self) -> None:
        arrivals, self._arrived = self._arrived, []
        counts = [len(each.frames) for each in arrivals]
        if len(arrivals) == 1:
            chunk, frames = arrivals[0].chunk, arrivals[0].frames
        else:
            starts = accumulate((len(each.chunk) for each in arrivals[:-1]), initial=0)
            chunk = b"".join(each.chunk for each in arrivals)
            frames = np.concatenate([each.frames + start for each, start in zip(arrivals, starts, strict=True)])
        self._take(chunk, frames, _Senders(arrivals, np.repeat(np.arange(len(arrivals)), counts)))

    def _take(self, chunk: bytes, frames: Places, senders: _Senders) -> None:
        """Take messages of several connections."""
        buffer = np.frombuffer(chunk, np.uint8)
        count = len(frames)
        commands = new_commands(count)
        signed, arqcs = np.zeros((count, SIGNED_BYTES_MAX), np.uint8), np.zeros((count, 8), np.uint8)
        online, problems = np.zeros(count, np.uint8), np.zeros(count, np.int32)
        read_transactions(
            buffer,
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
        )
        keys = self._verify(commands, signed, arqcs, online)
        if problems.any():
            for i in np.flatnonzero(problems).tolist():
                sender = senders.arrivals[senders.owners[i]]
                message = chunk[frames[i, 0] : frames[i, 1]]
                sender.reply(self._answer_slowly(message, int(problems[i]), sender.peer), 1)
            good = np.flatnonzero(problems == NO_PROBLEM)
            commands, frames, arqcs, senders = commands[good], frames[good], arqcs[good], senders[good]
            keys = [keys[i] for i in good]
        with_pin = commands["flags"] & Flag.PIN_ENTERED != 0
        if with_pin.any():
            for i in np.flatnonzero(with_pin).tolist():
                one = slice(i, i + 1)
                self._verify_pin(chunk, frames[one], commands[one].copy(), arqcs[one], keys[i : i + 1], senders[one])
            rest = np.flatnonzero(~with_pin)
            commands, frames, arqcs, senders = commands[rest], frames[rest], arqcs[rest], senders[rest]
            keys = [keys[i] for i in rest]
        if len(commands):
            self._decide(buffer, frames, commands, arqcs, keys, senders)

    def _verify_pin(
        self,
        chunk: bytes,
        frames: Places,
        commands: Records,
        arqcs: Buffer,
        keys: list[AnswerKey | None],
        sender: _Senders,
    ) -> None:
        """Have the PIN of one message verified, then the message decided."""
        arrival = sender.arrivals[sender.owners[0]]
        message = codec.decode(chunk[frames[0, 0] : frames[0, 1]], self._dialect)

        def decide(outcome: PinOutcome) -> None:
            if outcome is PinOutcome.UNKNOWN:
                arrival.reply(self._response(message, SYSTEM_MALFUNCTION), 1)
            else:
                self._decide(np.frombuffer(chunk, np.uint8), frames, commands, arqcs, keys, sender)

        try:
            self._pins.verify(message, commands, decide)
        except codec.MessageError as error:
            arrival.reply(self.refuse_format(message, str(error), arrival.peer), 1)

    def _decide(
        self,
        buffer: Buffer,
        frames: Places,
        commands: Records,
        arqcs: Buffer,
        keys: list[AnswerKey | None],
        senders: _Senders,
    ) -> None:
        """Ask the engine, and answer."""

        def answer(results: Records) -> None:
            waiting = results["reason"] == Reason.AWAITING_ISSUER
            if not waiting.any():
                senders.reply(self._answers(buffer, frames, results, arqcs, keys))
                return
            self._ask_issuer(buffer, frames, commands, results, arqcs, keys, senders)
            rest = np.flatnonzero(~waiting)
            if len(rest):
                decided = [keys[i] for i in rest]
                senders[rest].reply(self._answers(buffer, frames[rest], results[rest], arqcs[rest], decided))

        self._engine.submit(commands, answer)

    def _ask_issuer(
        self,
        buffer: Buffer,
        frames: Places,
        commands: Records,
        results: Records,
        arqcs: Buffer,
        keys: list[AnswerKey | None],
        senders: _Senders,
    ) -> None:
        """Have the issuer's own server decide what waits for it; each is answered on its own."""
        for i in np.flatnonzero(results["reason"] == Reason.AWAITING_ISSUER):
            one = slice(i, i + 1)

            def answer(settled: Records, one: slice = one, key: AnswerKey | None = keys[i]) -> None:
                senders[one].reply(self._answers(buffer, frames[one], settled, arqcs[one], [key]))

            self._decisions.ask(commands[one].copy(), results[one].copy(), answer)

    def _verify(self, commands: Records, signed: Buffer, arqcs: Buffer, online: Buffer) -> list[AnswerKey | None]:
        """Verify each cryptogram and write the outcome into its command; return what the answers need.

        What a phone says of its holder counts only where its cryptogram is right.
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

    def _answer_slowly(self, message: bytes, problem: int, peer: str) -> bytes:
        """The framed answer to anything but a good message about a token; empty where none can be given."""
        try:
            fields = codec.decode(message, self._dialect)
        except codec.MessageError as error:
            return self.refuse_format(error.fields, str(error), peer)
        if problem != OTHER_MESSAGE:
            return self.refuse_format(fields, problem_text(problem), peer)
        if fields[0] == "0800":
            return self._manage(fields, peer)
        if not _is_request(fields[0]):
            log.warning("unexpected_message", peer=peer, message_type=fields[0])
            return b""
        log.warning("function_not_supported", peer=peer, message_type=fields[0])
        return self._response(fields, FUNCTION_NOT_SUPPORTED)

    def _manage(self, fields: codec.Message, peer: str) -> bytes:
        """0800: sign-on, sign-off and echo test."""
        missing = [number for number in (7, 11, 70) if number not in fields]
        if missing:
            return self.refuse_format(fields, f"field {missing[0]} is missing", peer)
        known = fields[70] in (SIGN_ON, SIGN_OFF, ECHO_TEST)
        log.info("network_management", peer=peer, code=fields[70])
        return self._response(fields, "00" if known else INVALID_TRANSACTION)

    def refuse_format(self, fields: codec.Message, reason: str, peer: str) -> bytes:
        """Log a malformed message and answer DE 39 = 30 to it, where its message type could be read."""
        self.format_errors += 1
        message_type = fields.get(0)
        log.warning("format_error", peer=peer, message_type=message_type, reason=reason)
        if message_type is None or not _is_request(message_type):
            return b""
        return self._response(fields, FORMAT_ERROR)

    def _response(self, request: codec.Message, response_code: str) -> bytes:
        return framed(codec.encode(plain_response(request, response_code), self._dialect))


def _is_request(message_type: str) -> bool:
    """Whether a message of this type waits for an answer: version 1987, function request, advice or their repeats."""
    return len(message_type) == 4 and message_type[0] == "0" and message_type[2] in "024" and message_type[1] != "0"
