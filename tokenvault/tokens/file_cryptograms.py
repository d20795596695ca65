"""Cryptograms for tokens on file: the vault keeps the key, and signs one payment at a time for the merchant."""

import time
from dataclasses import dataclass

from tokenvault.currencies import CURRENCIES, NO_CURRENCY
from tokenvault.emv.cryptogram_versions import SignedFor, with_results
from tokenvault.errors import Conflict, FieldError
from tokenvault.events.events import EventType
from tokenvault.pan import Track2
from tokenvault.tokens import credentials
from tokenvault.tokens.lifecycle import Initiator, TokenState
from tokenvault.tokens.token_activation import card_key_of
from tokenvault.tokens.tokens import record_token, token_in, update_token
from tokenvault.vault import Vault

_ATC_MAX = 0xFFFF
ELECTRONIC_COMMERCE_INDICATOR = "05"
"""ECI: the issuer, here by the token service, vouches for the cardholder."""


@dataclass(frozen=True)
class FileCryptogram:
    """What a merchant sends with one payment. values: tag -> value for DE 55."""

    track2: Track2
    pan_sequence_number: str
    values: dict[str, bytes]


def make_cryptogram(vault: Vault, text_id: str, *, amount_minor: int, currency: str, country: str) -> FileCryptogram:
    """Sign one payment with a token on file. Each call uses up one transaction counter.

    currency: ISO 4217 alphabetic.  country: ISO 3166-1 numeric, 3 digits.
    Raises: NotFound, FieldError; Conflict unless the token is on file and active.
    """
    if currency not in CURRENCIES:
        raise FieldError("currency", NO_CURRENCY)
    with vault.transaction() as connection:
        token = token_in(connection, text_id)
        if token.device_id is not None:
            raise Conflict("this token's cryptograms are made by its device", code="token_not_on_file")
        if token.state is not TokenState.ACTIVE or token.token_pan is None:
            raise Conflict(f"a token that is {token.state} signs nothing", code="token_state_conflict")
        if token.transaction_counter == _ATC_MAX:
            raise Conflict("the token's transaction counter is used up: ask for a new token", code="counter_used_up")
        token = update_token(connection, token, transaction_counter=token.transaction_counter + 1)
        today = time.gmtime(vault.now())
        values = {
            "9F02": bytes.fromhex(f"{amount_minor:012d}"),
            "9F03": bytes(6),
            "9F1A": bytes.fromhex(f"0{country}"),
            "95": bytes(5),
            "5F2A": bytes.fromhex(f"{CURRENCIES[currency].number:04d}"),
            "9A": bytes.fromhex(f"{today.tm_year % 100:02d}{today.tm_mon:02d}{today.tm_mday:02d}"),
            "9C": b"\x00",
            "9F37": vault.random_bytes(4),
            "84": bytes.fromhex(credentials.APPLICATION_IDENTIFIER),
            "82": bytes.fromhex(credentials.APPLICATION_INTERCHANGE_PROFILE),
            "9F36": token.transaction_counter.to_bytes(2, "big"),
            "9F10": with_results(
                credentials.token_issuer_data(token.version, token.key_index),
                SignedFor.REMOTE,
                cardholder_verified=False,
            ),
            "9F27": b"\x80",
        }
        values["9F26"] = token.version.arqc(card_key_of(vault, token), values)
        record_token(
            vault,
            connection,
            EventType.TOKEN_CRYPTOGRAM_MADE,
            token,
            initiator=Initiator.WALLET,
            transaction_counter=token.transaction_counter,
        )
        assert token.token_pan is not None, "only approved tokens are active"
        track2 = Track2(token.token_pan, token.expiry, credentials.SERVICE_CODE, "0")
    return FileCryptogram(track2, token.pan_sequence_number, values)
