"""Events of bills. Each function makes one happen, and returns what it happened to: the posting."""

from simulators.triggers.stage import AMOUNT_MINOR, Stage

_PRODUCT = 1
"""Its terms do not matter here: a program without it has usual ones."""


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
