"""Steps of the issuer: cards, balances, rules, outages, disputes."""

from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from simulators.scenarios.outcome import Outcome
from simulators.scenarios.stage import Stage
from simulators.scenarios.steps.step import Step
from simulators.scenarios.values import AmountText


class _CardStep(Step):
    refers_to: ClassVar[dict[str, str]] = {"card": "cards"}

    card: str = Field(default="main", description="Which card.")


class ChangeCard(_CardStep):
    """Freeze, unfreeze, close, replace or renew a card."""

    verb: ClassVar[str] = "change_card"

    change: Literal["freeze", "unfreeze", "close", "replace", "renew"] = Field(description="What is done.")

    def play(self, stage: Stage) -> Outcome:
        """Change."""
        body: dict[str, Any] | None = {} if self.change in ("close", "replace") else None
        stage.issuer.call("POST", f"/v1/cards/{stage.cards[self.card]}/{self.change}", body)
        return Outcome()


class SetPin(_CardStep):
    """Set a card's PIN; that unlocks it too."""

    verb: ClassVar[str] = "set_pin"

    pin: str = Field(pattern="^[0-9]{4,12}$", description="The new one.")

    def play(self, stage: Stage) -> Outcome:
        """Set."""
        stage.issuer.set_pin(stage.cards[self.card], self.pin)
        return Outcome()


class Balance(Step):
    """Look at an account: `posted`, `held`, `available`, in major units."""

    verb: ClassVar[str] = "balance"
    refers_to: ClassVar[dict[str, str]] = {"account": "accounts"}

    account: str = Field(default="main", description="Which account.")

    def play(self, stage: Stage) -> Outcome:
        """Look."""
        told = stage.issuer.balance(stage.accounts[self.account])
        return Outcome(values={name: told[name] for name in ("posted", "held", "available")})


class SetProgram(Step):
    """Switch to another program: its parts (limits, rules, rates, ...) as ``docs/rules.md`` has them.

    Parts that are not named stay as they are.
    """

    verb: ClassVar[str] = "set_program"
    is_document: ClassVar[bool] = True
    model_config = ConfigDict(extra="allow")

    def play(self, stage: Stage) -> Outcome:
        """Switch."""
        program = stage.issuer.call("GET", "/v1/program")["document"]
        told = stage.issuer.call("PUT", "/v1/program", program | (self.model_extra or {}))
        return Outcome(values={"version": told["version"]})


class ForceDecline(Step):
    """Have the next authorization declined: of a phone's token, a card or a terminal."""

    verb: ClassVar[str] = "force_decline"
    refers_to: ClassVar[dict[str, str]] = {"phone": "phones", "card": "cards", "at": "terminals"}

    reason: str = Field(description="What for.")
    phone: str | None = Field(default=None, description="Of this phone's token.")
    card: str | None = Field(default=None, description="Of this card.")
    at: str | None = Field(default=None, description="At this terminal.")

    def play(self, stage: Stage) -> Outcome:
        """Force."""
        body: dict[str, Any] = {"reason": self.reason}
        if self.phone is not None:
            body["token_id"] = stage.phones[self.phone].token_id
        elif self.card is not None:
            body["card_id"] = stage.cards[self.card]
        elif self.at is not None:
            body["terminal"] = stage.terminals[self.at].terminal_id
        stage.issuer.call("POST", "/v1/simulations/forced_declines", body)
        return Outcome()


class Issuer(Step):
    """Take the issuer away, or bring it back: then it hears what stand-in has answered."""

    verb: ClassVar[str] = "issuer"

    reachable: bool = Field(description="Whether it can be reached.")

    def play(self, stage: Stage) -> Outcome:
        """Switch."""
        told = stage.issuer.call("POST", "/v1/simulations/issuer", {"reachable": self.reachable})
        return Outcome(values={"stored": told["stored_advices"], "forwarded": told["forwarded_advices"]})


class SetPolicy(Step):
    """Put a provisioning policy in force: its parts as the API has them; what is left out is as delivered."""

    verb: ClassVar[str] = "set_policy"
    is_document: ClassVar[bool] = True
    model_config = ConfigDict(extra="allow")

    def play(self, stage: Stage) -> Outcome:
        """Switch."""
        stage.issuer.call("PUT", "/v1/provisioning_policy", self.model_extra or {})
        return Outcome()


class Dispute(Step):
    """Charge an account's last purchase back, or present it again."""

    verb: ClassVar[str] = "dispute"
    refers_to: ClassVar[dict[str, str]] = {"account": "accounts"}

    account: str = Field(default="main", description="Whose posting.")
    change: Literal["chargeback", "representment"] = Field(default="chargeback", description="What is done.")
    amount: AmountText = Field(description="How much.")

    def play(self, stage: Stage) -> Outcome:
        """Dispute."""
        account = stage.accounts[self.account]
        postings = stage.issuer.call("GET", f"/v1/transactions?account_id={account}")["data"]
        disputed = next(posting for posting in postings if posting["kind"] == "purchase")
        currency = stage.cast.accounts[self.account].currency
        body = {"amount": stage.minor(self.amount, currency)[0]}
        told = stage.issuer.call("POST", f"/v1/transactions/{disputed['id']}/{self.change}", body)
        return Outcome(values={"kind": told.get("kind")})


ISSUING: tuple[type[Step], ...] = (
    ChangeCard, SetPin, Balance, SetProgram, ForceDecline, Issuer, SetPolicy, Dispute,
)  # fmt: skip
