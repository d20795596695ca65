"""Beginnings that many tests of the vault share: a card, a request, a token on a phone."""

import json

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwe
from joserfc.jwk import ECKey

from simulators.parties import sandbox_constants
from tests.tokenvault.phones import Phone
from tokenvault.cards.accounts import open_account
from tokenvault.cards.cards import funding_pan_of, issue_card
from tokenvault.keys.sealed_entry import public_keys
from tokenvault.keys.sealing import open_on_device
from tokenvault.provisioning.card_sources import CardSource
from tokenvault.provisioning.token_requests import TokenRequest, request_token
from tokenvault.storage import schema
from tokenvault.tokens.token_activation import activate_token
from tokenvault.tokens.tokens import TokenLocation


def new_card(vault, contacts=None):
    """A card on an account of its own."""
    account = open_account(vault, currency="EUR", credit_limit_minor=100_000, transaction_limit_minor=None)
    return issue_card(vault, account.text_id, contacts)


def asked(card, device, **changes):
    """A request for a token."""
    values = {
        "source": CardSource(card_id=card.text_id),
        "device_id": device.text_id,
        "token_requestor_id": sandbox_constants.TOKEN_REQUESTOR_ID,
    }
    return TokenRequest(**values | changes)


def ask(vault, phone, card, device, **changes):
    """Request a token."""
    return request_token(vault, phone.proven(), asked(card, device, **changes))


def ask_on_file(vault, card, **changes):
    """Request the token of a merchant on file."""
    values = {"source": CardSource(card_id=card.text_id), "token_requestor_id": sandbox_constants.MERCHANT_REQUESTOR_ID}
    return request_token(vault, None, TokenRequest(location=TokenLocation.REMOTE, **values | changes))


def active_token(vault, card=None, **changes):
    """A phone with an active token; returns phone, token and the credentials it has opened."""
    phone = Phone(vault)
    device = phone.register()
    token = ask(vault, phone, card or new_card(vault), device, **changes)
    activation = activate_token(vault, phone.proven(), token.text_id)
    return phone, activation.token, opened(phone, activation)


def opened(phone, activation):
    """The credentials in an activation, as the phone opens them."""
    key = phone.secure_element._SecureElement__device_key
    return json.loads(open_on_device(activation.sealed_credentials, key, activation.info))


def pan_of(vault, card):
    """The funding PAN of a card."""
    with vault.reading() as connection:
        return funding_pan_of(vault, connection, card.id)


def sealed_to_vault(vault, told):
    """A JSON object as a wallet seals it to the vault."""
    key = ECKey.import_key(public_keys(vault.keys)[0])
    text = json.dumps(told).encode()
    algorithms = ["ECDH-ES", "A256GCM"]
    return jwe.encrypt_compact({"alg": "ECDH-ES", "enc": "A256GCM"}, text, key, algorithms=algorithms)


def new_jwk():
    """A key pair of somebody outside, as joserfc's key."""
    return ECKey.import_key(ec.generate_private_key(ec.SECP256R1()))


def opened_jwe(key, sealed):
    """The JSON object in a JWE."""
    return json.loads(jwe.decrypt_compact(sealed, key, algorithms=["ECDH-ES", "A256GCM"]).plaintext)


def rows(vault, table):
    """All rows of a table."""
    with vault.reading() as connection:
        return connection.execute(sa.select(schema.metadata.tables[table])).all()


def event_types(vault, resource_id):
    """The types of a resource's events, in order."""
    return [
        row.type
        for row in sorted(rows(vault, "events"), key=lambda row: row.sequence)
        if row.resource_id == resource_id
    ]
