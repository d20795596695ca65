"""Events of bills. Each function makes one happen, and returns what it happened to."""

from simulators.triggers.stage import AMOUNT_MINOR, Stage, must_be_approved

_PRODUCT = 1
"""Its terms do not matter here: a program without it has usual ones."""
_MONTHS = 3
"""The fewest instalments, and statements of a relief, that usual terms offer."""


def receive(stage: Stage) -> str:
    """A new account with a product is paid."""
    return _posting(stage, _paid(stage))


def _paid(stage: Stage) -> str:
    """A new account, which has received a payment; the payment's identifier."""
    account = stage.account(product=_PRODUCT)
    return str(stage.post(f"/v1/accounts/{account}/payments", amount=AMOUNT_MINOR)["id"])


def _posting(stage: Stage, payment: str) -> str:
    """The newest posting of a payment's account."""
    account = stage.call("GET", f"/v1/payments/{payment}")["account_id"]
    return str(stage.call("GET", f"/v1/transactions?account_id={account}&limit=1")["data"][0]["id"])


def give_back(stage: Stage) -> str:
    """A payment of a new account with a product is returned by the bank that it came from."""
    payment = _paid(stage)
    stage.post(f"/v1/payments/{payment}/return")
    return _posting(stage, payment)


def start_plan(stage: Stage) -> str:
    """A purchase of a new account with a product is split into instalments."""
    return _split(stage)


def _split(stage: Stage) -> str:
    """The plan by which a new account's purchase is billed in instalments."""
    account = stage.account(product=_PRODUCT)
    authorization = must_be_approved(stage.paid(account, posts_at_once=True))
    posted = stage.call("GET", f"/v1/authorizations/{authorization}")["postings"]
    return str(stage.post(f"/v1/accounts/{account}/plans", purchase=posted[0]["id"], months=_MONTHS)["id"])


def end_plan(stage: Stage) -> str:
    """A purchase of a new account is split into instalments, and what is left of them is billed at once."""
    plan = _split(stage)
    stage.post(f"/v1/plans/{plan}/end")
    return plan


def grant_relief(stage: Stage) -> str:
    """A new account with a product, which owes something, is relieved."""
    account = stage.account(product=_PRODUCT)
    must_be_approved(stage.paid(account, posts_at_once=True))
    stage.post(f"/v1/accounts/{account}/relief", months=_MONTHS)
    return account
