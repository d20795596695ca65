"""Events of accounts and cards. Each function makes one happen, and returns what it happened to."""

import json

from joserfc import jwe
from joserfc.jwk import ECKey

from simulators.parties.issuer_client import IssuerRefused
from simulators.parties.sandbox_constants import MERCHANT_REQUESTOR_ID
from simulators.triggers.stage import CREDIT_LIMIT_MINOR, TEXT_MESSAGE, NotTriggered, Stage

_SEALING = {"alg": "ECDH-ES", "enc": "A256GCM"}
_GUESSES_MAX = 10
_PIN = "4929"


def open_account(stage: Stage) -> str:
    """An account is opened."""
    return stage.account()


def change_account(stage: Stage) -> str:
    """The credit limit of a new account is raised."""
    account = stage.account()
    stage.call("PATCH", f"/v1/accounts/{account}", {"credit_limit": 2 * CREDIT_LIMIT_MINOR})
    return account


def issue_card(stage: Stage) -> str:
    """A card is issued on a new account."""
    return stage.card()


def freeze_card(stage: Stage) -> str:
    """A new card is frozen."""
    card = stage.card()
    stage.post(f"/v1/cards/{card}/freeze")
    return card


def unfreeze_card(stage: Stage) -> str:
    """A new card is frozen, and unfrozen."""
    card = freeze_card(stage)
    stage.post(f"/v1/cards/{card}/unfreeze")
    return card


def replace_card(stage: Stage) -> str:
    """A new card gets another number, as when it is lost."""
    card = stage.card()
    stage.post(f"/v1/cards/{card}/replace")
    return card


def renew_card(stage: Stage) -> str:
    """A new card gets another expiry."""
    card = stage.card()
    stage.post(f"/v1/cards/{card}/renew")
    return card


def close_card(stage: Stage) -> str:
    """A new card is closed."""
    card = stage.card()
    stage.post(f"/v1/cards/{card}/close")
    return card


def set_pin(stage: Stage) -> str:
    """A new card gets a PIN."""
    card = stage.card()
    stage.issuer.set_pin(card, _PIN)
    return card


def change_contacts(stage: Stage) -> str:
    """A new card gets a telephone number for one-time codes."""
    card = stage.card()
    stage.call("PUT", f"/v1/cards/{card}/contact_points", {"text_message": TEXT_MESSAGE})
    return card


def lock_guesses(stage: Stage) -> str:
    """A new card's CVV2 is typed in wrongly until the card is locked against guesses."""
    card = stage.card()
    vault_key = ECKey.import_key(stage.call("GET", "/v1/encryption_keys")["keys"][0])
    details = _revealed(stage, card)
    details["cvv2"] = f"{(int(details['cvv2']) + 1) % 1_000:03d}"
    for _guess in range(_GUESSES_MAX):
        sealed = jwe.encrypt_compact(_SEALING, json.dumps(details).encode(), vault_key, algorithms=[*_SEALING.values()])
        try:
            stage.post("/v1/tokens", sealed_card=sealed, token_requestor_id=MERCHANT_REQUESTOR_ID, location="remote")
        except IssuerRefused as refused:
            if refused.status != 422:
                raise
        else:
            raise NotTriggered("the server took a wrong CVV2")
        if _is_locked(stage, card):
            return card
    raise NotTriggered(f"the server did not lock the card after {_GUESSES_MAX} wrong CVV2s")


def _is_locked(stage: Stage, card: str) -> bool:
    return bool(stage.call("GET", f"/v1/events?type=card.guesses_locked&resource_id={card}")["data"])


def _revealed(stage: Stage, card: str) -> dict[str, str]:
    """PAN, expiry and CVV2 of a card, which only this process can open; never printed."""
    key = ECKey.generate_key("P-256")
    public = {name: key.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
    sealed = stage.post(f"/v1/cards/{card}/reveal", public_key=public)["sealed_card"]
    opened = jwe.decrypt_compact(sealed, key, algorithms=[*_SEALING.values()]).plaintext
    details: dict[str, str] = json.loads(opened or b"{}")
    return details


def unlock_guesses(stage: Stage) -> str:
    """A new card's wrong guesses are forgotten."""
    card = stage.card()
    stage.call("DELETE", f"/v1/cards/{card}/wrong_guesses")
    return card
