"""Events of devices, tokens and verifications. Each function makes one happen, and returns what it happened to."""

import re

from simulators.parties.issuer_client import IssuerRefused
from simulators.parties.sandbox_constants import MERCHANT_REQUESTOR_ID
from simulators.triggers.stage import AMOUNT_MINOR, CURRENCY, TEXT_MESSAGE, NotTriggered, Stage

_CODE = re.compile(r"[0-9]{6}")


def register_device(stage: Stage) -> str:
    """A new phone registers, and asks for a token."""
    return str(stage.phone()["device_id"])


def token_on_phone(stage: Stage) -> str:
    """A new phone asks for a token, which is approved and activated."""
    return stage.token()


def decline_token(stage: Stage) -> str:
    """A new phone asks for a token, and is declined."""
    return str(stage.phone(outcome="declined")["token_id"])


def suspend_token(stage: Stage) -> str:
    """The issuer suspends a new token."""
    token = stage.token()
    stage.issuer.change_token(token, "suspend")
    return token


def resume_token(stage: Stage) -> str:
    """The issuer suspends a new token, and resumes it."""
    token = suspend_token(stage)
    stage.issuer.change_token(token, "resume")
    return token


def deactivate_token(stage: Stage) -> str:
    """The issuer deactivates a new token."""
    token = stage.token()
    stage.issuer.change_token(token, "deactivate")
    return token


def change_controls(stage: Stage) -> str:
    """The holder of a new phone limits what can be paid with its token."""
    phone = stage.phone()
    call = {"method": "PATCH", "path": "controls", "body": {"transaction_limit": AMOUNT_MINOR}}
    stage.call("POST", f"/v1/simulations/phones/{phone['id']}/calls", call)
    return str(phone["token_id"])


def renew_token(stage: Stage) -> str:
    """A new token gets another expiry."""
    token = stage.token()
    stage.post(f"/v1/tokens/{token}/renew")
    return token


def change_card_of_token(stage: Stage) -> str:
    """The card of a new token is renewed."""
    card = stage.card()
    token = str(stage.phone(card)["token_id"])
    stage.post(f"/v1/cards/{card}/renew")
    return token


def replenish_key(stage: Stage) -> str:
    """A new phone with limited-use keys gets its next one."""
    phone = stage.phone(location="host_card_emulation")
    stage.post(f"/v1/simulations/phones/{phone['id']}/refill")
    return str(phone["token_id"])


def make_cryptogram(stage: Stage) -> str:
    """A merchant gets a token on file, and a cryptogram for one payment."""
    asked = {"card_id": stage.card(), "token_requestor_id": MERCHANT_REQUESTOR_ID, "location": "remote"}
    token = stage.post("/v1/tokens", **asked, risk={"wallet_account_id": "force_approved"})
    if token["state"] != "active":
        raise NotTriggered(f"the merchant's token is {token['state']}")
    stage.post(f"/v1/tokens/{token['id']}/cryptograms", amount=AMOUNT_MINOR, currency=CURRENCY, country="276")
    return str(token["id"])


def start_verification(stage: Stage) -> str:
    """A new phone's request needs verification, and a one-time code is sent."""
    _phone, token = _verifying(stage)
    return token


def fail_verification(stage: Stage) -> str:
    """A wrong one-time code is entered on a new phone."""
    phone, token = _verifying(stage)
    wrong = f"{(int(_code_sent(stage, token)) + 1) % 1_000_000:06d}"
    try:
        stage.post(f"/v1/simulations/phones/{phone}/code", code=wrong)
    except IssuerRefused as refused:
        if refused.problem.get("code") != "wrong_code":
            raise
        return token
    raise NotTriggered("the server took a wrong one-time code")


def complete_verification(stage: Stage) -> str:
    """The right one-time code is entered on a new phone."""
    phone, token = _verifying(stage)
    stage.post(f"/v1/simulations/phones/{phone}/code", code=_code_sent(stage, token))
    return token


def _verifying(stage: Stage) -> tuple[str, str]:
    """A phone whose holder was sent a code, and its token."""
    card = stage.card(text_message=TEXT_MESSAGE)
    phone = stage.phone(card, outcome="require_additional_authentication")
    stage.post(f"/v1/simulations/phones/{phone['id']}/code")
    return str(phone["id"]), str(phone["token_id"])


def _code_sent(stage: Stage, token: str) -> str:
    messages = stage.call("GET", f"/v1/simulations/messages?token_id={token}")["data"]
    found = _CODE.search(messages[0]["text"]) if messages else None
    if found is None:
        raise NotTriggered("the server has sent no one-time code")
    return found[0]
