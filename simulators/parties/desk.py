"""Agents at the issuer's desks: they read the queues of cases and answer them, in the same way for the same seed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from simulators.parties.bank_client import BankClient

QUEUES = ("one_to_one", "one_to_many", "mass", "circle")


@dataclass(frozen=True)
class Mandate:
    """What the agents of a queue do. after_seconds: how long a case waits for its answer, on the server's clock; each
    waits between half of it and one and a half times as long.

    approve_up_to_minor: what is more is declined, in minor units of the account's currency.
    """

    after_seconds: float = 20.0
    approve_up_to_minor: int = 5_000_000


class Desk:
    """The agents of all queues. mandates: by queue; the others are left alone."""

    def __init__(self, bank: BankClient, mandates: Mapping[str, Mandate], seed: int = 1) -> None:
        self._bank, self._mandates, self._seed = bank, mandates, seed

    def answer_due(self) -> Iterator[dict[str, Any]]:
        """Answer the cases whose turn has come, each queue in its order; yields them. Raises: IssuerRefused."""
        for queue, mandate in self._mandates.items():
            waiting = self._bank.open_cases(queue)
            now = datetime.fromisoformat(waiting["as_of"])
            for case in waiting["data"]:
                waited = (now - datetime.fromisoformat(case["opened_at"])).total_seconds()
                if waited >= self._patience(case, mandate):
                    yield self._bank.answer_case(case["id"], *self._answer(case, mandate))

    def _patience(self, case: dict[str, Any], mandate: Mandate) -> float:
        """How long an agent takes over a case: it follows from the seed and from the case alone."""
        return mandate.after_seconds * Random(f"{self._seed} {case['id']}").uniform(0.5, 1.5)  # noqa: S311 - no secret

    @staticmethod
    def _answer(case: dict[str, Any], mandate: Mandate) -> tuple[str, str]:
        """A decision and its reason."""
        if case["amount"] <= mandate.approve_up_to_minor:
            return "approve", "customer_confirmed"
        return "decline", "beyond_mandate"
