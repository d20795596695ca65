"""The real-time decisioning webhook: the issuer makes the final decision on an approval in time.

Off the hot path: what waits is held in the engine, and nobody else waits for it. The answer enters the journal as a
command, so a replay needs no server.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
import structlog

from authz.engine import Answer, Engine
from authz.state.tables import Counter as Rows
from authz.state.tables import State
from authz.vocabulary.commands import NO_POSITION, Decider, Flag, Kind, Records
from authz.vocabulary.errors import EngineStopped
from authz.vocabulary.labels import currency_code, field_text
from authz.vocabulary.layouts import MESSAGE, new_command
from authz.vocabulary.reasons import DECLINES, Reason
from tokenvault.background.errands import Errands, attempted, in_thread
from tokenvault.outgoing.outgoing_calls import LookedUpTransport
from tokenvault.outgoing.webhook_signatures import SignatureInvalid, signed_headers, verify_headers
from tokenvault.vocabulary.identifiers import Prefix, to_text

EVENT_TYPE = "authorization.request"
_ANSWER_BYTES_MAX = 65_536

log = structlog.get_logger()


@dataclass(frozen=True)
class DecisioningWebhook:
    """Where to ask, and what holds without an answer. key: of the signatures.  deadline_seconds: for the whole call."""

    url: str
    key: bytes = field(repr=False)
    deadline_seconds: float = 2.0


@dataclass(frozen=True)
class _Verdict:
    """approved_minor: None for the whole amount."""

    decider: Decider
    reason: Reason
    approved_minor: int | None = None


class AnswerInvalid(Exception):
    """The server's answer is not what it must be."""


class IssuerDecisions:
    """Asks about authorizations that wait. Belongs to the engine's event loop.

    approve_by_default: what holds without a good answer; a decline is for `issuer_unavailable`.
    wall_clock: Unix seconds, for signatures.
    """

    def __init__(
        self,
        engine: Engine,
        server: DecisioningWebhook | None,
        *,
        approve_by_default: bool = False,
        wall_clock: Callable[[], float] = time.time,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._engine = engine
        self._server = server
        self._default = Reason.APPROVED if approve_by_default else Reason.ISSUER_UNAVAILABLE
        self._wall_clock = wall_clock
        self._client = httpx.AsyncClient(trust_env=False, transport=transport or LookedUpTransport())
        self._waiting: dict[int, list[Answer]] = {}
        self._errands = Errands()
        self.deciders: Counter[Decider] = Counter()

    def ask(self, command: Records, result: Records, answer: Answer) -> None:
        """Get a decision on an authorization, and answer with its result. A repeat waits with the first.

        command: MESSAGE[1] as it came.  result: RESULT[1], awaiting the issuer.
        """
        sequence = int(result["sequence"][0])
        if sequence in self._waiting:
            self._waiting[sequence].append(answer)
            return
        self._waiting[sequence] = [answer]
        self._errands.begin("decision of the issuer's decisioning webhook", self._decide(command, result, sequence))

    async def _decide(self, command: Records, result: Records, sequence: int) -> None:
        """Settle an authorization, whatever the server does."""
        verdict = await self._verdict(command, result)
        said = _said_by(command)
        try:
            settled = await self._engine.run(_decision(said, sequence, verdict))
        except EngineStopped:
            return  # nobody is answered any more
        self.deciders[verdict.decider] += 1
        for answer in self._waiting.pop(sequence):
            attempted("answer to an authorization", answer, settled)

    async def _verdict(self, command: Records, result: Records) -> _Verdict:
        if self._server is None:
            return _Verdict(Decider.NOBODY_TO_ASK, self._default)
        identifier = to_text(Prefix.AUTHORIZATION, int(result["sequence"][0]))
        try:
            question = _question(command, result, identifier)
            body = await _within(self._server.deadline_seconds, self._call(self._server, identifier, question))
            return _verdict_of(body, command)
        except TimeoutError:
            decider = Decider.TIMEOUT
        except SignatureInvalid as error:
            decider = Decider.BAD_SIGNATURE
            log.warning("issuer_answer_refused", authorization=identifier, error=str(error))
        except (httpx.HTTPError, AnswerInvalid) as error:
            decider = Decider.ERROR
            log.warning("issuer_not_heard", authorization=identifier, error=f"{type(error).__name__}: {error}")
        except Exception:
            # Not foreseen; the terminal waits, and money is held: the default decides all the same.
            decider = Decider.ERROR
            log.exception("issuer_not_heard", authorization=identifier)
        return _Verdict(decider, self._default)

    async def _call(self, server: DecisioningWebhook, identifier: str, body: bytes) -> bytes:
        headers = signed_headers(server.key, identifier, int(self._wall_clock()), body)
        # Without compression: a compressed answer may expand to any size.
        headers |= {"content-type": "application/json", "accept-encoding": "identity"}
        async with self._client.stream("POST", server.url, content=body, headers=headers) as response:
            if response.status_code != 200:
                raise AnswerInvalid(f"status {response.status_code}")
            if response.headers.get("content-encoding", "identity") != "identity":
                raise AnswerInvalid("it is compressed, which was not requested")
            answer = bytearray()
            async for part in response.aiter_raw():
                answer += part
                if len(answer) > _ANSWER_BYTES_MAX:
                    raise AnswerInvalid(f"it has more than {_ANSWER_BYTES_MAX} bytes")
        verify_headers(server.key, identifier, int(self._wall_clock()), bytes(answer), response.headers)
        return bytes(answer)

    async def settle_left_over(self) -> None:
        """Decide by default what was waiting when the engine stopped."""
        state = self._engine.state
        rows = state.transactions[: state.counters[Rows.TRANSACTIONS]]
        waiting = rows[rows["reason"] == Reason.AWAITING_ISSUER]
        asked = await in_thread(self._engine.journaled, waiting["sequence"].tolist())
        for entry in waiting:
            sequence = int(entry["sequence"])
            said = _said_by(asked[sequence].view(MESSAGE)) if sequence in asked else _said_in(state, entry)
            await self._engine.run(_decision(said, sequence, _Verdict(Decider.RESTART, self._default)))
            self.deciders[Decider.RESTART] += 1

    async def close(self) -> None:
        """Wait for what is being asked; nothing is asked any more."""
        await self._errands.ended()
        await self._client.aclose()


async def _within(seconds: float, call: Coroutine[Any, Any, bytes]) -> bytes:
    """What a call gives, within its time. Raises: TimeoutError, also where the call takes its time to be cancelled."""
    calling = asyncio.ensure_future(call)
    done, _ = await asyncio.wait([calling], timeout=seconds)
    if not done:
        calling.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        calling.cancel()
        raise TimeoutError
    return calling.result()


_STORED = ("amount_minor", "merchant_key", "country", "channel", "cardholder_verification")
"""What the engine's tables keep of an authorization, for where the journal has given it up."""

_TAKEN_OVER = (
    *_STORED,
    "cash_minor",
    "latitude",
    "longitude",
    "merchant",
    "merchant_name",
    "merchant_city",
    "merchant_category",
    "currency",
    "operation",
)
"""What a decision takes over from the message that it is about."""


def _said_by(command: Records) -> dict[str, Any]:
    """What a decision takes over from an authorization.  command: MESSAGE[1]."""
    return {name: command[name][0] for name in ("token_pan", *_TAKEN_OVER)}


def _said_in(state: State, entry: np.void) -> dict[str, Any]:
    """The same of one that the journal no longer has, from its row: without its place, and its cash counts as goods."""
    said = {name: entry[name] for name in _STORED}
    token_pan = state.tokens[entry["token_row"]]["token_pan"]
    return said | {"token_pan": token_pan, "latitude": NO_POSITION, "longitude": NO_POSITION}


def _decision(said: dict[str, Any], sequence: int, verdict: _Verdict) -> Records:
    """The command that settles an authorization. said: what it takes over from the authorization."""
    if verdict.approved_minor is not None:
        said = said | {"amount_minor": verdict.approved_minor}
    about = {"decision": sequence, "reason": verdict.reason, "decider": verdict.decider}
    return new_command(Kind.ISSUER_DECISION, **about, **said)


def _question(command: Records, result: Records, identifier: str) -> bytes:
    """The webhook's body. Amounts in minor units."""
    asked, found = command[0], result[0]
    billing = int(found["billing_currency"])
    data = {
        "authorization_id": identifier,
        "account_id": to_text(Prefix.ACCOUNT, int(found["account_id"])),
        "token_last4": f"{int(asked['token_pan']):04d}"[-4:],
        "amount": int(asked["amount_minor"]),
        "currency": currency_code(int(asked["currency"])),
        "held_amount": int(found["billing_minor"]),
        "billing_currency": currency_code(billing) if billing else None,
        "available": int(found["available_minor"]),
        "partial_approval_allowed": bool(int(asked["flags"]) & Flag.PARTIAL_APPROVAL),
        "merchant": field_text(asked["merchant"]),
        "merchant_name": field_text(asked["merchant_name"]),
        "merchant_city": field_text(asked["merchant_city"]),
        "merchant_category": f"{int(asked['merchant_category']):04d}",
        "country": f"{int(asked['country']):03d}",
        "terminal": field_text(asked["terminal"]),
    }
    return json.dumps({"type": EVENT_TYPE, "data": data}).encode()


_REASONS = {reason.code: reason for reason in DECLINES}


def _verdict_of(body: bytes, command: Records) -> _Verdict:
    """What the webhook has answered: ``{"approved": true, "amount": 1250}`` or a decline with a reason.

    Raises: AnswerInvalid.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise AnswerInvalid("it is not valid JSON") from None
    if not isinstance(answer, dict) or not isinstance(answer.get("approved"), bool):
        raise AnswerInvalid("approved must be true or false")
    if not answer["approved"]:
        reason = answer.get("reason", "do_not_honor")
        if not isinstance(reason, str) or reason not in _REASONS:
            raise AnswerInvalid("reason is not a decline reason")
        return _Verdict(Decider.ISSUER, _REASONS[reason])
    asked, amount = int(command["amount_minor"][0]), answer.get("amount")
    if amount is None:
        return _Verdict(Decider.ISSUER, Reason.APPROVED)
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 < amount <= asked:
        raise AnswerInvalid(f"amount must be 1 to {asked}")
    if amount < asked and not int(command["flags"][0]) & Flag.PARTIAL_APPROVAL:
        raise AnswerInvalid("amount is a part, and the terminal does not accept partial approvals")
    return _Verdict(Decider.ISSUER, Reason.APPROVED, amount)
