"""Delivers the vault's outbox to the engine: in order, once, by number."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import numpy as np
import sqlalchemy as sa
import structlog

from authz.arrays.hash_index import find_row
from authz.engine import Engine
from authz.program.compilation import merchant_key
from authz.state.billing import LAST_DAY
from authz.state.tables import State
from authz.vocabulary.commands import (
    COUNTRY_BITS,
    NO_LIMIT,
    Channel,
    Kind,
    Records,
    SegmentIs,
)
from authz.vocabulary.layouts import joined, new_command
from tokenvault.background.errands import in_thread
from tokenvault.cards.cards import CardState
from tokenvault.events import outbox
from tokenvault.reference_data.currencies import CURRENCIES
from tokenvault.storage.database import DatabaseUnavailable
from tokenvault.tokens.lifecycle import TokenState

_CHUNK = 4096
_RETRY_SECONDS = 5.0
_DAY_SECONDS = 86_400

log = structlog.get_logger()


class VaultFeed:
    """Delivers notices. Its position is part of the engine's state, so a crash between vault and engine loses nothing.

    A notice that cannot be delivered is set aside, and so are those that depend on it; later ones are delivered: one
    broken notice must not keep the engine from applying the suspension of another token.
    """

    def __init__(self, database: sa.Engine, engine: Engine) -> None:
        self._database = database
        self._engine = engine
        self._lock = asyncio.Lock()
        self._read_until = 0
        self.set_aside: list[int] = []
        """The numbers of the notices that could not be delivered since the start, and have not been delivered later."""

    async def drain(self) -> None:
        """Deliver all notices that the engine has not applied; returns when they are durable."""
        async with self._lock:
            while entries := await asyncio.to_thread(self._unheard):
                if commands := self._commands(entries):
                    await self._engine.run(joined(commands))
                self._read_until = entries[-1].sequence
                if len(entries) < _CHUNK:  # a later commit is announced by itself
                    break

    @contextlib.asynccontextmanager
    async def undisturbed(self) -> AsyncIterator[None]:
        """Nothing is on its way to the engine inside."""
        async with self._lock:
            yield

    def begin_anew(self) -> None:
        """Look at the notices anew: they and the engine are of another past now."""
        self._read_until = 0
        self.set_aside.clear()

    def _unheard(self) -> list[outbox.Entry]:
        heard = max(self._engine.outbox_sequence, self._read_until)
        return list(outbox.entries_after(self._database, heard, _CHUNK))

    def _commands(self, entries: list[outbox.Entry]) -> list[Records]:
        """A command in the layout of its kind for each entry but those that have to be set aside."""
        known, commands = _Known(self._engine.state), []
        for entry in entries:
            try:
                commands.append(known.command(entry))
            except Exception as error:  # whatever is wrong with it; its content may be secret
                if entry.sequence not in self.set_aside:
                    self.set_aside.append(entry.sequence)
                log.error("notice_set_aside", outbox_sequence=entry.sequence, error=type(error).__name__)
        return commands

    async def keep_retrying(self) -> None:
        """Repeat the delivery of notices that were set aside, and of those that were not announced, until cancelled."""
        while True:
            await asyncio.sleep(_RETRY_SECONDS)
            try:
                await self.retry()
            except DatabaseUnavailable as error:
                log.warning("notices_not_read", error=str(error))

    async def retry(self) -> None:
        """Deliver notices that were set aside, if they are valid now: under a new number, because the engine applies
        numbers in order. A notice that a newer one of the same resource replaces is dropped.
        """
        for number in tuple(self.set_aside):
            entry = await in_thread(outbox.entry, self._database, number)
            if entry is not None and not self._can_be_told(entry):
                continue
            again = entry is not None and await in_thread(outbox.put_again, self._database, number)
            self.set_aside.remove(number)
            log.info("notice_no_longer_set_aside", outbox_sequence=number, told_again=again)
            await self.drain()
        await self.drain()

    def _can_be_told(self, entry: outbox.Entry) -> bool:
        try:
            _Known(self._engine.state).command(entry)
        except Exception:
            return False
        return True


class ParentUnknown(Exception):
    """A notice depends on an account, card or token that the engine does not know."""


class _Known:
    """What the engine knows already, and what is delivered together with the present notice."""

    def __init__(self, state: State) -> None:
        self._rows = {
            "account_id": (state.account_slots, state.accounts["account_id"]),
            "card_id": (state.card_slots, state.cards["card_id"]),
            "token_pan": (state.token_slots, state.tokens["token_pan"]),
        }
        self._entered: set[tuple[str, int]] = set()

    def command(self, entry: outbox.Entry) -> Records:
        """One command, in the layout of its kind.

        Raises: ParentUnknown; others, see `command_of`.
        """
        command = command_of(entry)
        kind = Kind(int(command["kind"][0]))
        parent, own = _PARENT.get(kind), _OWN.get(kind)
        if parent is not None and not self._has(parent, command[parent][0]):
            raise ParentUnknown
        if own is not None:
            self._entered.add((own, int(command[own][0])))
        return command

    def _has(self, name: str, number: np.uint64) -> bool:
        slots, numbers = self._rows[name]
        return (name, int(number)) in self._entered or bool(find_row(slots, numbers, number) >= 0)


_PARENT = {Kind.SET_CARD: "account_id", Kind.SET_TOKEN: "card_id", Kind.SET_LIMITED_USE_KEY: "token_pan"}
"""What the engine must know before, by the field of the command that names it."""
_OWN = {Kind.SET_ACCOUNT: "account_id", Kind.SET_CARD: "card_id", Kind.SET_TOKEN: "token_pan"}
"""What the engine knows afterwards."""


def command_of(entry: outbox.Entry) -> Records:
    """A notice as a command of its kind, an array of one.

    Raises: ValueError and others, if the notice has values that no command can have.
    """
    match entry.notice:
        case outbox.AccountNotice() as account:
            return _account_command(entry.sequence, account)
        case outbox.CardNotice() as card:
            return new_command(
                Kind.SET_CARD,
                outbox_sequence=entry.sequence,
                account_id=card.account_id,
                card_id=card.card_id,
                state=CardState(card.state).engine_code,
            )
        case outbox.TokenNotice() as token:
            return _token_command(entry.sequence, token)
        case outbox.LimitedUseKeyNotice() as key:
            return new_command(
                Kind.SET_LIMITED_USE_KEY,
                outbox_sequence=entry.sequence,
                token_pan=int(key.token_pan),
                limited_use_key=int(key.key_index),
                key_until=key.ends_at,
                key_uses=key.uses,
            )
        case outbox.UnreadableNotice(kind):
            raise ValueError(f"a notice of kind {kind} that cannot be read")


def _account_command(sequence: int, account: outbox.AccountNotice) -> Records:
    limit = account.transaction_limit_minor
    return new_command(
        Kind.SET_ACCOUNT,
        outbox_sequence=sequence,
        account_id=account.account_id,
        currency=CURRENCIES[account.currency].number,
        limit_minor=account.credit_limit_minor,
        transaction_limit_minor=NO_LIMIT if limit is None else limit,
        segment=account.segment or 0,
        segment_is=_segment_is(account),
        life_stage=account.life_stage,
        opened_day=min((account.opened_at or 0) // _DAY_SECONDS, LAST_DAY),
        product=account.product,
        cut_day=account.cut_day or 0,
    )


def _segment_is(account: outbox.AccountNotice) -> SegmentIs:
    if account.opened_at is None:  # a notice of a version that told a segment only
        return SegmentIs.IMPLIED
    return SegmentIs.UNPINNED if account.segment is None else SegmentIs.PINNED


def _token_command(sequence: int, token: outbox.TokenNotice) -> Records:
    return new_command(
        Kind.SET_TOKEN,
        outbox_sequence=sequence,
        account_id=token.account_id,
        card_id=token.card_id,
        token_id=token.token_id,
        token_pan=int(token.token_pan),
        expiry=int(token.expiry),
        state=_token_state(token.state),
        channels=sum(1 << Channel[name.upper()] for name in token.channels),
        cryptogram_version=token.cryptogram_version,
        key_index=token.key_index,
        payment_account_reference=token.payment_account_reference.encode(),
        token_requestor=int(token.token_requestor_id),
        token_created=token.created_at,
        device_created=token.device_created_at,
        device_risk=token.device_risk,
        merchant_key=0 if token.merchant_id is None else merchant_key(token.merchant_id),
        amount_max_minor=token.transaction_limit_minor or 0,
        countries=sum(int(country) << COUNTRY_BITS * place for place, country in enumerate(token.countries)),
    )


def _token_state(name: str) -> int:
    code = TokenState(name).engine_code
    if code is None:
        raise ValueError(f"a notice of a token that is {name}: the engine has no such state")
    return code
