"""Events of customers and applications. Each function makes one happen, and returns what it happened to."""

from typing import Any

from simulators.triggers.stage import Stage

_PRODUCT = 1
_CITY = "Shanghai"
"""Forced outcomes hold in any city."""


def register(stage: Stage) -> str:
    """A customer is registered."""
    return stage.customer("force_approved")


def apply(stage: Stage) -> str:
    """A new customer applies for a card, which is approved at once."""
    return str(_applied(stage, "force_approved")["id"])


def start_review(stage: Stage) -> str:
    """A new customer applies for a card, and the issuer's desk has to answer."""
    return str(_applied(stage, "force_in_review")["id"])


def _applied(stage: Stage, identity: str) -> Any:
    asked = {"customer_id": stage.customer(identity), "product": _PRODUCT, "channel": "app", "city": _CITY}
    return stage.post("/v1/applications", **asked)
