"""A switch: takes messages from several acquirers, and routes each to its issuer by the first digits of the card.

Where an issuer cannot be reached it stands in up to an amount, keeps an advice, and tells the issuer when it is back.
What an issuer answers too late is taken back.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

import structlog

from authz.iso8583.dialects.fields import Dialect, built_in
from authz.iso8583.encoding import codec
from authz.iso8583.format_errors import MISSING, FormatError
from authz.iso8583.message_types import answer_type, asks_for_an_answer, is_of_another_version
from authz.iso8583.messages.responses import plain_response
from simulators.network.detokenization import Detokenizes, NotProven
from simulators.network.framed_streams import hang_up, read_frame
from simulators.network.listener import Listener
from simulators.process.background_loop import BackgroundLoop
from simulators.terminals.messages import card_number, original_data_elements

log = structlog.get_logger()

UNKNOWN_ACQUIRER, NO_SUCH_ISSUER, ISSUER_UNAVAILABLE, NOT_PROVEN, APPROVED = "31", "15", "91", "88", "00"
FORMAT_ERROR, NOT_SERVED, SYSTEM_MALFUNCTION = "30", "40", "96"
_NEEDED = (3, 4, 7, 11, 32)
_ECHOED = (3, 4, 7, 11, 12, 13, 32, 37, 41, 42, 49, 70)
_Identity = tuple[str, ...]


class Upstream(Protocol):
    """An issuer as the switch sees it."""

    async def ask(self, message: codec.Message) -> codec.Message:
        """Its answer. Raises: OSError, TimeoutError."""

    async def close(self) -> None:
        """Hang up, and wait until nothing reads any more. It can be asked again."""


class HostUpstream:
    """An issuer in the same process, such as `IssuerHost`. is_reachable: whether it answers."""

    def __init__(self, answer: Callable[[codec.Message], codec.Message]) -> None:
        self._answer = answer
        self.is_reachable = True

    async def ask(self, message: codec.Message) -> codec.Message:
        """Its answer. Raises: OSError."""
        if not self.is_reachable:
            raise ConnectionRefusedError("the issuer is down")
        return self._answer(message)

    async def close(self) -> None:
        """There is no connection."""


class TcpUpstream:
    """An issuer's ISO 8583 port: one connection, dialled anew when it broke. seconds: how long an answer may take."""

    def __init__(self, address: tuple[str, int], *, seconds: float = 5.0, dialect: Dialect | None = None) -> None:
        self._address = address
        self._seconds = seconds
        self._dialect = dialect or built_in()
        self._dialling = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._waiting: dict[_Identity, asyncio.Future[codec.Message]] = {}

    async def ask(self, message: codec.Message) -> codec.Message:
        """Its answer. Raises: OSError, TimeoutError."""
        writer = await self._dialled()
        identity = _identity(message)
        answer: asyncio.Future[codec.Message] = asyncio.get_running_loop().create_future()
        self._waiting[identity] = answer
        try:
            writer.write(self._dialect.framing.framed(codec.encode(message, self._dialect)))
            async with asyncio.timeout(self._seconds):
                return await answer
        finally:
            self._waiting.pop(identity, None)

    async def close(self) -> None:
        """Close the connection, and wait until reading has ended. Requests without an answer end with an error."""
        async with self._dialling:
            if self._reading is not None:
                self._reading.cancel()
                await asyncio.wait([self._reading])

    async def _dialled(self) -> asyncio.StreamWriter:
        async with self._dialling:  # two that ask at once share one connection
            if self._writer is None or self._writer.is_closing():
                async with asyncio.timeout(self._seconds):
                    reader, self._writer = await asyncio.open_connection(*self._address)
                self._reading = asyncio.create_task(self._read(reader, self._writer))
            return self._writer

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                _, encoded = await read_frame(reader, self._dialect.framing)
                answer = codec.decode(encoded, self._dialect)
                waiting = self._waiting.get(_identity(answer))
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)
        except (OSError, asyncio.IncompleteReadError, codec.MessageError, ValueError):
            pass
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionResetError("the issuer hung up"))
            await hang_up(writer)


@dataclass
class Route:
    """A route for PANs that begin with certain digits.

    stand_in_minor: up to what the switch approves while the issuer is away; 0 never.
    detokenize: how the issuer gets its own card's number in place of a token's; None hands the message on as it is.
    """

    prefix: str
    issuer: Upstream
    stand_in_minor: int = 0
    detokenize: Detokenizes | None = None
    stored: list[codec.Message] = field(default_factory=list)
    """Stored messages for the issuer: stand-in advices, and reversals of transactions that it answered too late."""
    forwarding: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def close(self) -> None:
        """Hang up on the issuer, and on the vault that was asked for it."""
        await self.issuer.close()
        if self.detokenize is not None:
            await self.detokenize.close()


@dataclass
class Switch:
    """Listens for acquirers. Use it as a context; acquirers dial `address`.

    acquirers: DE 32 of those that it serves; empty for all.
    """

    routes: Sequence[Route]
    acquirers: frozenset[str] = frozenset()
    port: int = 0
    dialect: Dialect = field(default_factory=built_in)
    address: tuple[str, int] = ("", 0)
    routed: Counter[str] = field(default_factory=Counter)
    """Number of routed messages, by prefix."""

    def __enter__(self) -> Self:
        self._background_loop = BackgroundLoop("switch")
        try:
            self.address = self._background_loop.run(self.listen())
        except BaseException:
            self._background_loop.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._background_loop.run(self.close())
        finally:
            self._background_loop.stop()

    async def listen(self) -> tuple[str, int]:
        """Take connections. Raises: OSError where the port is taken."""
        self._listener = Listener(self._connected)
        return await self._listener.listen(self.port)

    async def close(self) -> None:
        """Close all connections to acquirers and issuers, and wait until their tasks have ended."""
        await self._listener.close()
        for route in self.routes:
            await route.close()

    def forward(self) -> int:
        """Send the issuers their stored messages; returns how many are left."""
        return self._background_loop.run(self._forward_all())

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one acquirer, many messages at once, until it hangs up and the last of them is answered."""
        async with asyncio.TaskGroup() as messages:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError):  # it hung up
                while True:
                    _, encoded = await read_frame(reader, self.dialect.framing)
                    messages.create_task(self._serve(encoded, writer))

    async def _serve(self, encoded: bytes, writer: asyncio.StreamWriter) -> None:
        """Answer one message, whatever becomes of it; what is an answer itself, or cannot be read at all, gets none."""
        answer: codec.Message | None
        try:
            message = codec.decode_checked(encoded, self.dialect)
        except codec.MessageError as error:
            message, answer = error.fields, None
            if asks_for_an_answer(message.get(0)):
                answer = _refused(message, error.error)
        else:
            try:
                answer = await self.answer(message)
            except Exception:
                log.exception("message_not_routed")
                answer = plain_response(message, SYSTEM_MALFUNCTION)
        if answer is not None and not writer.is_closing():
            fits = codec.fitting(answer, self.dialect)
            writer.write(self.dialect.framing.framed(codec.encode(fits, self.dialect)))

    async def answer(self, message: codec.Message) -> codec.Message | None:
        """Route one message and return its answer; None where it asks for none."""
        if not asks_for_an_answer(message[0]):
            return None
        if is_of_another_version(message[0]):
            return plain_response(message, NOT_SERVED)
        lacking = next((number for number in _NEEDED if number not in message and message[0][1] != "8"), None)
        if lacking is not None:
            return plain_response(message, FORMAT_ERROR, FormatError(lacking, MISSING))
        if message[0][1] == "8":
            return _answered(message, APPROVED)
        if self.acquirers and message.get(32) not in self.acquirers:
            return _answered(message, UNKNOWN_ACQUIRER)
        route = self._route(card_number(message))
        if route is None:
            return _answered(message, NO_SUCH_ISSUER)
        self.routed[route.prefix] += 1
        try:
            passed_on = await _for_issuer(message, route)
        except NotProven:
            return _answered(message, NOT_PROVEN)
        return await self._asked(passed_on, route)

    def _route(self, pan: str) -> Route | None:
        """The route with the longest prefix that the card begins with."""
        fitting = [route for route in self.routes if pan.startswith(route.prefix)]
        return max(fitting, key=lambda route: len(route.prefix), default=None)

    async def _asked(self, message: codec.Message, route: Route) -> codec.Message:
        try:
            await _forward(route)
        except (OSError, TimeoutError):
            return self._stand_in(message, route)
        try:
            return await route.issuer.ask(message)
        except TimeoutError:
            # It may have decided, and nobody will hear of it: an advice goes again, a request is taken back.
            is_told = message[0][2] == "2" or message[0][1] == "4"
            route.stored.append({**message, 0: message[0][:3] + "1"} if is_told else _reversal(message))
            return _answered(message, APPROVED if is_told else ISSUER_UNAVAILABLE)
        except OSError:
            return self._stand_in(message, route)

    @staticmethod
    def _stand_in(message: codec.Message, route: Route) -> codec.Message:
        """Answer on the issuer's behalf (stand-in processing)."""
        if message[0][2] == "2" or message[0][1] == "4":
            route.stored.append(message)
            return _answered(message, APPROVED)
        if message[0][1] in "12" and message[3][:2] == "00" and int(message[4]) <= route.stand_in_minor:
            route.stored.append({**message, 0: message[0][:2] + "20", 39: APPROVED})
            return _answered(message, APPROVED) | {38: message[11]}
        return _answered(message, ISSUER_UNAVAILABLE)

    async def _forward_all(self) -> int:
        for route in self.routes:
            with contextlib.suppress(OSError, TimeoutError):
                await _forward(route)
        return sum(len(route.stored) for route in self.routes)


async def _forward(route: Route) -> None:
    """Send an issuer its stored messages in order. Raises: OSError, TimeoutError."""
    async with route.forwarding:
        while route.stored:
            await route.issuer.ask(route.stored[0])
            route.stored.pop(0)


async def _for_issuer(message: codec.Message, route: Route) -> codec.Message:
    """A message as its issuer gets it. Raises: NotProven."""
    if route.detokenize is None:
        return message
    funding_pan, expiry = await route.detokenize.funding_card(message)
    own = {number: value for number, value in message.items() if number not in (23, 35, 55)}
    return {**own, 2: funding_pan, 14: expiry}


def _refused(message: codec.Message, error: FormatError) -> codec.Message:
    """The answer to what is malformed, unless it is another version's: then nothing is known of its fields."""
    if is_of_another_version(message[0]):
        return plain_response(message, NOT_SERVED)
    return plain_response(message, FORMAT_ERROR, error)


def _answered(request: codec.Message, response_code: str) -> codec.Message:
    """The switch's own answer."""
    echoed = {number: request[number] for number in _ECHOED if number in request}
    return {0: answer_type(request[0]), **echoed, 39: response_code}


def _reversal(message: codec.Message) -> codec.Message:
    kept = {n: v for n, v in message.items() if n not in (23, 48, 52, 54, 55, 59, 60, 95)}
    stan = f"{(int(message[11]) + 500_000) % 1_000_000:06d}"
    return {**kept, 0: "0420", 11: stan, 90: original_data_elements(message)}


def _identity(message: codec.Message) -> _Identity:
    return tuple(message.get(number, "") for number in (7, 11, 32))
