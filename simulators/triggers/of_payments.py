"""Events of payments and disputes. Each function makes one happen, and returns what it happened to."""

from simulators.triggers.stage import AMOUNT_MINOR, NotTriggered, Stage, must_be_approved

_ADDED_MINOR = 500
_TOO_LITTLE_MINOR = 100
"""A credit limit that no payment here fits in."""


def approve(stage: Stage) -> str:
    """A new phone pays at a terminal."""
    return must_be_approved(stage.paid())


def decline(stage: Stage) -> str:
    """A new phone pays more than its account has."""
    payment = stage.paid(stage.account(_TOO_LITTLE_MINOR))
    if payment["approved"] or payment["authorization_id"] is None:
        raise NotTriggered(f"the server did not decline the payment: {payment['reason']}")
    return str(payment["authorization_id"])


def increase(stage: Stage) -> str:
    """A hotel adds to the authorization of a new phone."""
    authorization = must_be_approved(stage.paid(terminal_kind="hotel"))
    increased = stage.post(f"/v1/simulations/authorizations/{authorization}/increase", amount=_ADDED_MINOR)
    must_be_approved(increased, "increase")
    return authorization


def reverse(stage: Stage) -> str:
    """A payment of a new phone is reversed."""
    authorization = must_be_approved(stage.paid())
    must_be_approved(stage.post(f"/v1/simulations/authorizations/{authorization}/reverse"), "reversal")
    return authorization


def expire(stage: Stage) -> str:
    """The hold of a new phone's payment ends, as if its time were up."""
    authorization = must_be_approved(stage.paid())
    stage.post(f"/v1/simulations/authorizations/{authorization}/expire")
    return authorization


def post(stage: Stage) -> str:
    """A new phone pays at a terminal that posts at once (0200)."""
    authorization = must_be_approved(stage.paid(posts_at_once=True))
    postings = stage.call("GET", f"/v1/authorizations/{authorization}")["postings"]
    return str(postings[0]["id"])


def open_dispute(stage: Stage) -> str:
    """What a new phone paid is charged back."""
    return _charged_back(stage, post(stage))


def _charged_back(stage: Stage, posting: str) -> str:
    return str(stage.post(f"/v1/transactions/{posting}/chargeback", amount=AMOUNT_MINOR)["id"])


def represent(stage: Stage) -> str:
    """What a new phone paid is charged back, and presented again."""
    posting = post(stage)
    _charged_back(stage, posting)
    return str(stage.post(f"/v1/transactions/{posting}/representment", amount=AMOUNT_MINOR)["id"])
