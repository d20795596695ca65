"""Steps of customers who apply for a card, and of the desk that answers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from simulators.parties.applicants import birth_date, document_number
from simulators.parties.bank_client import BankClient
from simulators.scenarios.staging.cast import Misfit, Part
from simulators.scenarios.staging.expected import ApplicationValues
from simulators.scenarios.staging.outcome import Outcome
from simulators.scenarios.staging.rehearsal import Rehearsal
from simulators.scenarios.staging.stage import NeverCameToBe, Stage
from simulators.scenarios.staging.values import AmountText
from simulators.scenarios.steps.step import Step
from tokenvault.cards.products import CUT_DAYS, PRODUCTS
from tokenvault.customers.identity import SCORES


class _ApplicationStep(Step):
    """A step about a customer's application, which an approval brings into a phone."""

    values: ClassVar[type[Part]] = ApplicationValues
    refers_to: ClassVar[dict[str, str]] = {"account": "accounts", "card": "cards", "phone": "phones"}

    customer: str = Field(default="main", description="Which customer, by any name.")
    account: str = Field(default="main", description="The account of the cast in whose place an approval opens one.")
    card: str = Field(default="main", description="The card of the cast in whose place an approval issues one.")
    phone: str = Field(default="phone", description="The phone that an approval brings the card into.")

    def currency(self, rehearsal: Rehearsal) -> str | None:
        """The account's."""
        return rehearsal.account_currency(self.account)

    def _outcome(self, stage: Stage, decided: dict[str, Any]) -> Outcome:
        """What came of it. After an approval the phone has the card, and the cast the account."""
        stage.applications[self.customer] = decided["id"]
        if decided["push_payload"] is not None:
            stage.accounts[self.account], stage.cards[self.card] = decided["account_id"], decided["card_id"]
            wish = stage.wish(self.phone)
            stage.phones[self.phone].provision(None, push_payload=decided["push_payload"], **wish)
        values = {name: decided[name] for name in ("reasons", "credit_limit", "score", "decided_by")}
        return Outcome(decided["state"], ", ".join(decided["reasons"]), values)


class Apply(_ApplicationStep):
    """Apply for a card. The outcome is `approved`, `declined` or `in_review`; an approval is in the phone at once.

    A customer who was not named before is a new one.
    """

    verb: ClassVar[str] = "apply"

    score: int | None = Field(
        default=None, ge=SCORES[0], le=SCORES[-1], description="The bureau's score of a new customer; any if left out."
    )
    outcome: Literal["approved", "in_review", "declined"] | None = Field(
        default=None, description="The outcome that a new customer's identity document forces."
    )
    age: int = Field(default=30, ge=0, le=120, description="Of a new customer, in years.")
    product: int = Field(default=1, ge=PRODUCTS[1], le=PRODUCTS[-1], description="Number of the product.")
    cut_day: int | None = Field(
        default=None, ge=CUT_DAYS[0], le=CUT_DAYS[-1], description="Day on which statements are cut; 1 if left out."
    )
    channel: str = Field(default="app", pattern="^[a-z0-9_-]{1,32}$", description="Where the customer applies.")
    city: str = Field(default="Shanghai", min_length=1, max_length=64, description="Where the customer lives.")
    device_score: int | None = Field(default=None, ge=1, le=5, description="How far the device is trusted.")

    def foreseen(self, rehearsal: Rehearsal) -> Iterator[Misfit]:
        """A score and an outcome at once."""
        yield from super().foreseen(rehearsal)
        if self.score is not None and self.outcome is not None:
            yield "score", "is for customers whose outcome is not forced"

    def play(self, stage: Stage) -> Outcome:
        """Register where needed, and apply."""
        bank = BankClient(stage.issuer)
        if self.customer not in stage.customers:
            born = birth_date(self.age, datetime.fromtimestamp(stage.clock(), UTC).date())
            registered = bank.register_customer(document_number(self.score, self.outcome), born)
            stage.customers[self.customer] = registered["id"]
        device = None if self.device_score is None else {"score": self.device_score}
        asked = {name: getattr(self, name) for name in ("product", "cut_day", "channel", "city")}
        return self._outcome(stage, bank.apply(stage.customers[self.customer], **asked, device=device))


class AnswerApplication(_ApplicationStep):
    """Answer a customer's last application, which is in review, as the issuer's desk."""

    verb: ClassVar[str] = "answer_application"

    decision: Literal["approved", "declined"] = Field(description="What the desk says.")
    credit_limit: AmountText | None = Field(
        default=None, description="The limit that it grants; the one of the score if left out."
    )

    def foreseen(self, rehearsal: Rehearsal) -> Iterator[Misfit]:
        """A limit without an approval."""
        yield from super().foreseen(rehearsal)
        if self.decision == "declined" and self.credit_limit is not None:
            yield "credit_limit", "is for approvals"

    def play(self, stage: Stage) -> Outcome:
        """Answer."""
        if self.customer not in stage.applications:
            raise NeverCameToBe("no_such_application", f"customer {self.customer!r} has not applied")
        limit = None
        if self.credit_limit is not None:
            limit, _ = stage.minor(self.credit_limit, stage.cast.accounts[self.account].currency)
        application = stage.applications[self.customer]
        return self._outcome(stage, BankClient(stage.issuer).answer_application(application, self.decision, limit))


APPLYING: tuple[type[Step], ...] = (Apply, AnswerApplication)
