"""Middleware of every call: authentication, rate limits and idempotency (``Idempotency-Key``)."""

from collections.abc import Callable
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tokenvault.callers.caller import Caller, current_caller
from tokenvault.calls.canonical_json import canonical_json
from tokenvault.calls.idempotency import KeptAnswer, forget_old_answers, keep_answer, kept_answer, request_name
from tokenvault.calls.rate_limits import RateLimits
from tokenvault.http.protocol import problem
from tokenvault.http.protocol.access import ApiKeys
from tokenvault.http.protocol.current_request import current_request
from tokenvault.storage.database import DatabaseUnavailable
from tokenvault.storage.unit_of_work import UnitOfWork, current_unit
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import CallerError, Conflict, FieldError

IDEMPOTENCY_KEY = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
BODY_BYTES_MAX = 1 << 20
_KEY_CHARACTERS_MAX = 255
_NOBODY = Caller("nobody")
_NOT_KEPT = frozenset({401, 403, 429})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_FINISHERS = 4


class Calls:
    """An ASGI application around another one.

    answer_to: what a failure while committing looks like outside, or None for the usual answer to our own errors.
    """

    def __init__(
        self,
        app: ASGIApp,
        vault: Vault,
        api_keys: ApiKeys,
        rate_limits: RateLimits,
        answer_to: Callable[[Exception], Response | None],
    ) -> None:
        self._app = app
        self._vault = vault
        self._api_keys = api_keys
        self._rate_limits = rate_limits
        self._answer_to = answer_to
        self._running: set[bytes] = set()
        # Threads of their own: those that serve requests may all be waiting for what is being committed here.
        self._finishers: CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; see ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            if int(headers.get("content-length", "0")) > BODY_BYTES_MAX:
                raise _TOO_LONG
            caller = await self._identified(headers)
        except (CallerError, DatabaseUnavailable) as error:
            await problem.refusal(error)(scope, receive, send)
            return
        except ValueError:
            await problem.refusal(FieldError("Content-Length", "is not a number"))(scope, receive, send)
            return
        request = current_request.get()
        if request is not None:
            request.caller = caller
        token = current_caller.set(caller)
        try:
            if scope["method"] in _WITH_BODY:
                await self._with_body(caller, headers.get(IDEMPOTENCY_KEY), scope, receive, send)
            else:
                await self._app(scope, receive, send)
        finally:
            current_caller.reset(token)

    async def _identified(self, headers: Headers) -> Caller:
        """Who calls. Raises: TooManyRequests."""
        scheme, _, presented = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return _NOBODY
        presented = presented.strip()
        found = self._api_keys.configured(presented)
        if found is None:
            found = await to_thread.run_sync(self._api_keys.kept, presented)
        if found is None:
            return _NOBODY
        caller, calls_per_second = found
        if calls_per_second is not None:
            self._rate_limits.take(caller.counted_as, calls_per_second)
        return caller

    async def _with_body(self, caller: Caller, key: str | None, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request with an unambiguous body: limited in size, and without a duplicate member."""
        try:
            body = await _whole_body(Request(scope, receive))
            form = canonical_json(body)
        except CallerError as error:
            await problem.caller_error_answer(error)(scope, receive, send)
            return
        except ClientDisconnect:
            return
        if key is None or scope["method"] != "POST":
            await self._app(scope, _given_again(body, receive), send)
        else:
            await self._once(caller, key, body, body if form is None else form, scope, receive, send)

    async def _once(
        self, caller: Caller, key: str, body: bytes, form: bytes, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Carry out a request once, however often it is sent under this key. form: the body as `canonical_json`."""
        try:
            if not 1 <= len(key) <= _KEY_CHARACTERS_MAX or not key.isprintable():
                raise FieldError(IDEMPOTENCY_KEY, f"must have 1 to {_KEY_CHARACTERS_MAX} printable characters")
            path = scope["path"] + "?" + scope["query_string"].decode("latin-1")
            name = request_name(self._vault, caller, key, scope["method"], path, form)
            kept = await to_thread.run_sync(kept_answer, self._vault, name)
            if kept is None and name.digest in self._running:
                raise Conflict("a request with this key is still being processed", code="idempotency_key_in_use")
        except (CallerError, DatabaseUnavailable) as error:
            await problem.refusal(error)(scope, receive, send)
            return
        if kept is None:
            self._running.add(name.digest)
            try:
                kept = await self._carried_out(name, scope, body)
            finally:
                self._running.discard(name.digest)
        else:
            kept = kept.replayed(REPLAYED)
        await Response(kept.body, kept.status, kept.headers)(scope, receive, send)

    async def _carried_out(self, name: Any, scope: Scope, body: bytes) -> KeptAnswer:
        unit, collector = UnitOfWork(self._vault.database), _Collector(body)
        token = current_unit.set(unit)
        if self._finishers is None:
            self._finishers = CapacityLimiter(_FINISHERS)
        try:
            await self._app(scope, collector.receive, collector.send)
            answer = collector.answer()
        except BaseException:
            await to_thread.run_sync(unit.abandon, limiter=self._finishers)
            raise
        finally:
            current_unit.reset(token)
        try:
            await to_thread.run_sync(self._finish, unit, name, answer, limiter=self._finishers)
        except DatabaseUnavailable as error:
            return _as_kept(problem.database_unavailable_answer(error))
        except Exception as error:
            failed = self._answer_to(error)
            if failed is None:
                raise
            return _as_kept(failed)
        return answer

    def _finish(self, unit: UnitOfWork, name: Any, answer: KeptAnswer) -> None:
        """Commit the changes of the request together with its answer, then announce them."""
        if answer.status >= 500:
            unit.abandon()
            return
        changed = unit.has_begun
        try:
            if answer.status < 300 or (changed and answer.status not in _NOT_KEPT):
                with unit.part() as connection:
                    forget_old_answers(self._vault, connection)
                    keep_answer(self._vault, connection, name, answer)
            unit.commit()
        finally:
            unit.abandon()
        if changed:
            self._vault.announce()


def _as_kept(response: Response) -> KeptAnswer:
    return KeptAnswer(response.status_code, dict(response.headers), bytes(response.body))


_TOO_LONG = FieldError("body", f"has at most {BODY_BYTES_MAX} bytes")


async def _whole_body(request: Request) -> bytes:
    """The body, however it is cut into pieces. Raises: FieldError if it is too long; ClientDisconnect."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_BYTES_MAX:
            raise _TOO_LONG
    return bytes(body)


def _given_again(body: bytes, receive: Receive) -> Receive:
    """What gives an application a body that was read before, and then whatever else the client does."""
    pieces = [body]

    async def receive_again() -> Message:
        if not pieces:
            return await receive()
        return {"type": "http.request", "body": pieces.pop(), "more_body": False}

    return receive_again


class _Collector:
    """Gives an application a body that was read before, and takes its answer."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._status = 500
        self._headers: dict[str, str] = {}
        self._answer = bytearray()

    async def receive(self) -> Message:
        body, self._body = self._body, None
        if body is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = {
                key.decode("latin-1"): value.decode("latin-1")
                for key, value in message["headers"]
                if key.lower() != b"content-length"
            }
        elif message["type"] == "http.response.body":
            self._answer += message.get("body", b"")

    def answer(self) -> KeptAnswer:
        return KeptAnswer(self._status, self._headers, bytes(self._answer))
