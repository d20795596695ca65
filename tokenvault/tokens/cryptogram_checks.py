"""Checks of cryptograms for whoever writes a wallet, a terminal or a host: how one comes about, and why one differs.

What knows a token's key shows nothing of it but check values. It makes right cryptograms for whatever it is asked
about, so it serves operators of a sandbox alone, and each check stands in the audit trail.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from tokenvault.callers.ownership import token_of_own_tenant
from tokenvault.cards.cards import funding_pan_of
from tokenvault.emv.diagnosis.computation import Computation
from tokenvault.emv.diagnosis.diagnosis import Diagnosis, diagnose
from tokenvault.emv.diagnosis.differences import Believed, Difference, first_difference
from tokenvault.emv.diagnosis.mistakes_in_keys import KeySource
from tokenvault.events import audit
from tokenvault.storage import schema
from tokenvault.tokens.tap_tags import CRYPTOGRAM, ISSUER_DATA
from tokenvault.tokens.tokens import Token, token_of
from tokenvault.vault import Vault
from tokenvault.vocabulary.errors import Conflict, FieldError, NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number

AUDITED_AS = "token.cryptogram_checked"


@dataclass(frozen=True)
class CryptogramCheck:
    """A token's cryptogram as it comes about, and how far somebody else's agrees.

    limited_use_key: index of the key that signs (YHHHHCC), None for the card key.  received: the tap's own cryptogram,
    None where it was not given.  matches: whether that is right.  difference: of what somebody computed.
    """

    token: Token
    computation: Computation
    limited_use_key: str | None
    received: bytes | None
    matches: bool | None
    difference: Difference | None
    diagnoses: list[Diagnosis]


def check_cryptogram(
    vault: Vault,
    tap: Mapping[str, bytes],
    believed: Believed,
    *,
    token_id: str | None = None,
    token_pan: str | None = None,
    field: str = "tags",
) -> CryptogramCheck:
    """Compute the cryptogram of a tap, and find what somebody else did differently. Audited.

    tap: tag -> value, from `tap_tags`.  token_id, token_pan: one of them.  field: that the tags were given in, for
    errors.
    Raises: NotFound for a token that is none of the caller's tenant; Conflict for one without keys; FieldError for
    issuer application data (tag 9F10) of another token.
    """
    with vault.reading() as connection:
        token = _own_token(connection, token_id, token_pan)
        if token.token_pan is None:
            raise Conflict(f"a token that is {token.state} has no keys yet", code="token_state_conflict")
        source = KeySource(
            vault.keys.key(token.key_purpose, token.key_index),
            token.token_pan,
            token.pan_sequence_number,
            token.version.option,
            _limited_use_key_in(token, tap[ISSUER_DATA], f"{field}.{ISSUER_DATA}"),
            funding_pan_of(vault, connection, token.card_id),
        )
    check = _checked(token, source, tap, believed)  # outside of any transaction: it takes a while, and writers wait
    with vault.transaction() as connection:
        audit.write(
            vault,
            connection,
            AUDITED_AS,
            token.text_id,
            reason={True: "matches", False: "differs", None: "not_compared"}[check.matches],
            first_difference=None if check.difference is None else check.difference.step,
            diagnoses=[each.finding.mistake.code for each in check.diagnoses],
        )
    return check


def _own_token(connection: sa.Connection, token_id: str | None, token_pan: str | None) -> Token:
    if token_id is not None:
        condition, missing = schema.tokens.c.id == to_number(Prefix.TOKEN, token_id), f"there is no token {token_id}"
    else:
        condition, missing = schema.tokens.c.token_pan == token_pan, "no token has this PAN"
    row = connection.execute(sa.select(schema.tokens).where(condition, token_of_own_tenant())).one_or_none()
    if row is None:
        raise NotFound(missing)
    return token_of(row)


def _limited_use_key_in(token: Token, data: bytes, place: str) -> str | None:
    """The index of the limited-use key that signed, from tag 9F10, which has to name the token's version and key."""
    version = token.version
    length = 11 if version.uses_limited_keys else 7
    if len(data) != length or data[0] != length - 1:
        wanted = f"has {length} bytes for a token of {version.name}, and begins with {length - 1:02X}"
        raise FieldError(place, wanted)
    if data[1:3] != bytes([token.key_index, token.cryptogram_version]):
        named = f"names key index {data[1]:02X} and cryptogram version {data[2]:02X}"
        own = f"{token.key_index:02X} and {token.cryptogram_version:02X} ({version.name})"
        raise FieldError(place, f"{named}; the token has {own}")
    if not version.uses_limited_keys:
        return None
    digits = data[7:].hex()
    if digits[0] != "0" or not digits.isdecimal():
        raise FieldError(place, "ends with the index of the limited-use key as packed digits, 0YHHHHCC")
    return digits[1:]


def _checked(token: Token, source: KeySource, tap: Mapping[str, bytes], believed: Believed) -> CryptogramCheck:
    card_key = source.card_key()
    key = card_key if source.index is None else token.version.limited_use_key(card_key, source.index)
    computation = Computation(token.version, key, tap)
    received = tap.get(CRYPTOGRAM)
    is_wrong = received is not None and first_difference(computation, Believed(arqc=received)) is not None
    return CryptogramCheck(
        token,
        computation,
        source.index,
        received,
        None if received is None else not is_wrong,
        first_difference(computation, believed),
        diagnose(computation, source, believed, tap, received),
    )
