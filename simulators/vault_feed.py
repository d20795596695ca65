"""The vault's outbox, told to the engine: in order, once, by number."""

import asyncio

import numpy as np
import sqlalchemy as sa
import structlog

from authz.commands import COUNTRY_BITS, NO_LIMIT, CardState, Channel, Kind, Records, TokenState, new_commands
from authz.engine import Engine
from authz.program.compilation import merchant_key
from tokenvault.currencies import CURRENCIES
from tokenvault.events import outbox

_CHUNK = 4096

log = structlog.get_logger()


class VaultFeed:
    """Carries notices over. Where it stands is the engine's own state, so a crash between the two loses nothing.

    A notice that cannot be told is set aside, and those behind it go on: one broken state must not keep the engine from
    hearing that another token was suspended.
    """

    def __init__(self, database: sa.Engine, engine: Engine) -> None:
        self._database = database
        self._engine = engine
        self._lock = asyncio.Lock()
        self._read_until = 0
        self.set_aside: list[int] = []
        """The numbers of the notices that the engine could not be told since the start."""

    async def drain(self) -> None:
        """Tell the engine everything it has not heard; returns when it is durable."""
        async with self._lock:
            while entries := await asyncio.to_thread(self._unheard):
                commands = [command for entry in entries if (command := self._command(entry)) is not None]
                if commands:
                    await self._engine.run(np.concatenate(commands))
                self._read_until = entries[-1].sequence
                if len(entries) < _CHUNK:  # whoever has committed since then announces it
                    break

    def _unheard(self) -> list[outbox.Entry]:
        heard = max(self._engine.outbox_sequence, self._read_until)
        return list(outbox.entries_after(self._database, heard, _CHUNK))

    def _command(self, entry: outbox.Entry) -> Records | None:
        """COMMAND[1], or None where the notice had to be set aside."""
        command = new_commands(1)
        try:
            fill_command(command[0], entry)
        except Exception as error:  # whatever is wrong with it; its content may be secret
            if entry.sequence not in self.set_aside:
                self.set_aside.append(entry.sequence)
            log.error("notice_set_aside", outbox_sequence=entry.sequence, error=type(error).__name__)
            return None
        return command


def fill_command(command: Records, entry: outbox.Entry) -> None:
    """Write a notice into an empty command. Raises: ValueError and others, where it says what cannot be told."""
    command["outbox_sequence"] = entry.sequence
    match entry.notice:
        case outbox.AccountNotice() as account:
            command["kind"] = Kind.SET_ACCOUNT
            command["account_id"] = account.account_id
            command["currency"] = CURRENCIES[account.currency].number
            command["limit_minor"] = account.credit_limit_minor
            limit = account.transaction_limit_minor
            command["transaction_limit_minor"] = NO_LIMIT if limit is None else limit
            command["segment"] = account.segment
        case outbox.CardNotice() as card:
            command["kind"] = Kind.SET_CARD
            command["account_id"] = card.account_id
            command["card_id"] = card.card_id
            command["state"] = CardState[card.state.upper()]
        case outbox.TokenNotice() as token:
            command["kind"] = Kind.SET_TOKEN
            command["account_id"] = token.account_id
            command["card_id"] = token.card_id
            command["token_id"] = token.token_id
            command["token_pan"] = int(token.token_pan)
            command["expiry"] = int(token.expiry)
            command["state"] = TokenState[token.state.upper()]
            command["channels"] = sum(1 << Channel[name.upper()] for name in token.channels)
            command["cryptogram_version"] = token.cryptogram_version
            command["key_index"] = token.key_index
            command["payment_account_reference"] = token.payment_account_reference.encode()
            command["token_requestor"] = int(token.token_requestor_id)
            command["token_created"] = token.created_at
            command["device_created"] = token.device_created_at
            command["device_risk"] = token.device_risk
            command["merchant_key"] = 0 if token.merchant_id is None else merchant_key(token.merchant_id)
            command["transaction_limit_minor"] = token.transaction_limit_minor or 0
            command["reference"] = sum(
                int(country) << COUNTRY_BITS * place for place, country in enumerate(token.countries)
            )
        case outbox.LimitedUseKeyNotice() as key:
            command["kind"] = Kind.SET_LIMITED_USE_KEY
            command["token_pan"] = int(key.token_pan)
            command["limited_use_key"] = int(key.key_index)
            command["reference"] = key.ends_at
            command["limit_minor"] = key.uses
        case outbox.UnreadableNotice(kind):
            raise ValueError(f"a notice of kind {kind} that cannot be read")
