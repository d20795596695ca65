"""Detokenization: from a token PAN to the funding PAN, for networks only, and audited.

With and without verification are two operations: a network that has the transaction's cryptogram lets the vault check
it, one that has none (for clearing or a dispute) only learns what stands behind the token.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from tokenvault.cards.cards import card_numbered, funding_pan_of
from tokenvault.cards.guesses import Refused, Secret, counting, holds
from tokenvault.emv.cryptograms import cryptogram
from tokenvault.emv.cryptograms.cryptogram_versions import SignedFor, signed_for
from tokenvault.emv.errors import EmvError
from tokenvault.events import audit
from tokenvault.storage import schema
from tokenvault.tokens.lifecycle import TokenState
from tokenvault.tokens.token_activation import card_key_of
from tokenvault.tokens.tokens import Token, token_of
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import CallerError, FieldError, NotFound


class VerificationFailed(CallerError):
    """The token may not be used in this way, and the funding PAN is not disclosed. code: the reason."""

    code = "verification_failed"
    status_hint = 409


@dataclass(frozen=True)
class Detokenized:
    """The funding card of a token. funding_pan: secret.  funding_expiry: YYMM."""

    token: Token
    funding_pan: str
    funding_expiry: str
    payment_account_reference: str

    def __repr__(self) -> str:
        return f"Detokenized({self.token.text_id})"


@dataclass(frozen=True)
class Usage:
    """How a token is being used.

    expiry: YYMM as the terminal sent it.  channel: see `token_domain.CHANNELS`.  country: ISO 3166-1 numeric.
    values: tag -> value: `emv.cryptogram.INPUT_TAGS`, 9F10 and 9F26.
    """

    expiry: str
    channel: str
    merchant_id: str | None
    country: str | None
    values: Mapping[str, bytes]


def detokenize(vault: Vault, token_pan: str, usage: Usage | None = None) -> Detokenized:
    """What stands behind a token PAN.

    usage: how it is being used, to be verified first: state, expiry, domain and cryptogram. Whether a cryptogram
    was used before is checked by the authorization engine, not here.
    Raises: NotFound; VerificationFailed; FieldError if the cryptogram's data are incomplete; TooManyRequests if the
    caller has sent too many wrong expiry dates.
    """
    with counting(vault, None if usage is None else Secret.TOKEN_EXPIRY) as connection:
        row = connection.execute(sa.select(schema.tokens).where(schema.tokens.c.token_pan == token_pan)).one_or_none()
        if row is None:
            raise NotFound("no token has this PAN")
        token = token_of(row)
        failure = None if usage is None else _objection(vault, connection, token, usage)
        outcome = "told" if failure is None else failure.code
        action = "token.detokenized" if usage is None else "token.detokenized_with_verification"
        audit.write(vault, connection, action, token.text_id, reason=outcome)
        if failure is not None:
            raise Refused(failure)
        card = card_numbered(connection, token.card_id)
        pan = funding_pan_of(vault, connection, card.id)
        return Detokenized(token, pan, card.expiry, card.payment_account_reference)


def _objection(vault: Vault, connection: sa.Connection, token: Token, usage: Usage) -> VerificationFailed | None:
    """What speaks against the use of a token, if anything."""
    if token.state is not TokenState.ACTIVE:
        return VerificationFailed(f"the token is {token.state}", code=f"token_{token.state}")
    is_right = hmac.compare_digest(token.expiry.encode(), usage.expiry.encode())
    if not holds(vault, connection, Secret.TOKEN_EXPIRY, token.card_id, is_right):
        return VerificationFailed("the expiry is not the token's", code="expiration_mismatch")
    if token.expiry < vault.expiry_after(0):
        return VerificationFailed("the token has expired", code="token_expired")
    domain = token.usable_domain
    if usage.channel not in domain.channels:
        return VerificationFailed("the token may not be used in this channel", code="channel_not_allowed")
    if domain.merchant_id is not None and usage.merchant_id != domain.merchant_id:
        return VerificationFailed("the token may not pay at this merchant", code="merchant_not_allowed")
    if domain.countries and usage.country not in domain.countries:
        return VerificationFailed("the token may not pay in this country", code="country_not_allowed")
    if not _is_right(vault, token, usage.values):
        return VerificationFailed("the cryptogram does not belong to this token and data", code="invalid_cryptogram")
    if signed_for(usage.values["9F10"]) is not _SIGNED_FOR.get(usage.channel, SignedFor.TAP):
        return VerificationFailed("the phone signed for another channel", code="wrong_entry_mode")
    return None


_SIGNED_FOR = {"e_commerce": SignedFor.REMOTE, "qr_code": SignedFor.QR_CODE}


def _is_right(vault: Vault, token: Token, values: Mapping[str, bytes]) -> bool:
    missing = [tag for tag in (*cryptogram.INPUT_TAGS, "9F10", "9F26") if tag not in values]
    if missing:
        raise FieldError("chip_data", f"lacks {', '.join(missing)}")
    issuer_data = values["9F10"]
    if issuer_data[1:3] != bytes([token.key_index, token.cryptogram_version]) or len(values["9F36"]) != 2:
        return False
    key = card_key_of(vault, token)
    try:
        if token.version.uses_limited_keys:
            index = issuer_data[-4:].hex()
            if index[0] != "0" or index[1:] != token.limited_use_key:
                return False
            key = token.version.limited_use_key(key, index[1:])
        cryptogram.verify(token.version.arqc(key, values), values["9F26"])
    except EmvError:
        return False
    return True
