"""Steps of the issuer: cards, balances, rules, outages, disputes."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from authz.program.document import ProgramDocument
from authz.vocabulary.posting_kinds import PostingKind
from authz.vocabulary.reasons import DECLINES
from simulators.process.did_you_mean import did_you_mean
from simulators.scenarios.file_errors.wording import misfits_of
from simulators.scenarios.staging.cast import Misfit, Part
from simulators.scenarios.staging.expected import AdviceValues, BalanceValues, DisputeValues, VersionValues
from simulators.scenarios.staging.outcome import Outcome
from simulators.scenarios.staging.rehearsal import Rehearsal
from simulators.scenarios.staging.stage import NeverCameToBe, Stage
from simulators.scenarios.staging.values import AmountText, Pin
from simulators.scenarios.steps.step import Step
from tokenvault.http.routers.policy import PolicyBody

_DECLINES = [reason.code for reason in DECLINES]
_DISPUTABLE = {kind.code for kind in PostingKind if kind.is_disputable}


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
    """Set a card's PIN, which also unlocks it."""

    verb: ClassVar[str] = "set_pin"

    pin: Pin = Field(description="The new one.")

    def play(self, stage: Stage) -> Outcome:
        """Set."""
        stage.issuer.set_pin(stage.cards[self.card], self.pin)
        return Outcome()


class Balance(Step):
    """Read an account's balances: `posted`, `held` and `available`, its `segment`, and with a product what is due."""

    verb: ClassVar[str] = "balance"
    values: ClassVar[type[Part]] = BalanceValues
    refers_to: ClassVar[dict[str, str]] = {"account": "accounts"}

    account: str = Field(default="main", description="Which account.")

    def currency(self, rehearsal: Rehearsal) -> str | None:
        """The account's."""
        return rehearsal.account_currency(self.account)

    def play(self, stage: Stage) -> Outcome:
        """Look."""
        told = stage.issuer.balance(stage.accounts[self.account])
        values = {name: told[name] for name in ("posted", "held", "available", "segment")}
        if (books := told["books"]) is not None:
            values |= {"planned": books["planned"], "minimum": books["minimum_due"], "due_day": books["due_day"]}
        return Outcome(values=values)


class _DocumentStep(Step):
    """A step whose keys are the parts of a document of the API."""

    is_document: ClassVar[bool] = True
    model_config = ConfigDict(extra="allow")

    @property
    def parts(self) -> dict[str, Any]:
        """The parts that are named."""
        return self.model_extra or {}


class SetProgram(_DocumentStep):
    """Activate another program; the keys are its parts (limits, rules, rates, ...), see ``docs/rules.md``.

    Parts that are not named stay as they are.
    """

    verb: ClassVar[str] = "set_program"
    values: ClassVar[type[Part]] = VersionValues

    def foreseen(self, rehearsal: Rehearsal) -> Iterator[Misfit]:
        """The errors of the program, with the parts that earlier steps have set."""
        yield from _misfits(ProgramDocument, rehearsal.program | self.parts)

    def leave(self, rehearsal: Rehearsal) -> None:
        """The parts that are in force from now on."""
        rehearsal.leave_program(self.parts)

    def play(self, stage: Stage) -> Outcome:
        """Switch."""
        program = stage.issuer.call("GET", "/v1/program")["document"]
        told = stage.issuer.call("PUT", "/v1/program", program | self.parts)
        return Outcome(values={"version": told["version"]})


class ForceDecline(Step):
    """Force a decline of the next authorization of a phone's token, a card or a terminal."""

    verb: ClassVar[str] = "force_decline"
    refers_to: ClassVar[dict[str, str]] = {"phone": "phones", "card": "cards", "at": "terminals"}

    reason: str = Field(description="What for.")
    phone: str | None = Field(default=None, description="Of this phone's token.")
    card: str | None = Field(default=None, description="Only of this card.")
    at: str | None = Field(default=None, description="At this terminal.")

    def foreseen(self, rehearsal: Rehearsal) -> Iterator[Misfit]:
        """A reason that no decline has, and nothing or too much to be declined."""
        yield from super().foreseen(rehearsal)
        if self.reason not in _DECLINES:
            yield (
                "reason",
                f"{self.reason!r} is not a decline reason, see docs/wire.md{did_you_mean(self.reason, _DECLINES)}",
            )
        if sum(getattr(self, name) is not None for name in self.refers_to) != 1:
            yield "", f"takes one of {', '.join(self.refers_to)}"

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
    """Make the issuer unavailable, or available again: it then receives the advices of stand-in processing."""

    verb: ClassVar[str] = "issuer"
    values: ClassVar[type[Part]] = AdviceValues

    reachable: bool = Field(description="Whether it can be reached.")

    def play(self, stage: Stage) -> Outcome:
        """Switch."""
        told = stage.issuer.call("POST", "/v1/simulations/issuer", {"reachable": self.reachable})
        return Outcome(values={"stored": told["stored_advices"], "forwarded": told["forwarded_advices"]})


class SetPolicy(_DocumentStep):
    """Set the provisioning policy; the keys are its parts as in the API, and missing parts have their defaults."""

    verb: ClassVar[str] = "set_policy"

    def foreseen(self, _rehearsal: Rehearsal) -> Iterator[Misfit]:
        """The errors of the policy."""
        yield from _misfits(PolicyBody, self.parts)

    def play(self, stage: Stage) -> Outcome:
        """Switch."""
        stage.issuer.call("PUT", "/v1/provisioning_policy", self.parts)
        return Outcome()


class Dispute(Step):
    """Charge back an account's last purchase or cash withdrawal, or present it again."""

    verb: ClassVar[str] = "dispute"
    values: ClassVar[type[Part]] = DisputeValues
    refers_to: ClassVar[dict[str, str]] = {"account": "accounts"}

    account: str = Field(default="main", description="Whose posting.")
    change: Literal["chargeback", "representment"] = Field(default="chargeback", description="What is done.")
    amount: AmountText = Field(description="How much.")

    def currency(self, rehearsal: Rehearsal) -> str | None:
        """The account's."""
        return rehearsal.account_currency(self.account)

    def play(self, stage: Stage) -> Outcome:
        """Dispute."""
        account = stage.accounts[self.account]
        postings = stage.issuer.call("GET", f"/v1/transactions?account_id={account}")["data"]
        disputed = next((posting for posting in postings if posting["kind"] in _DISPUTABLE), None)
        if disputed is None:
            raise NeverCameToBe(
                "no_such_payment", f"account {self.account!r} has no purchase or cash withdrawal that was posted"
            )
        currency = stage.cast.accounts[self.account].currency
        body = {"amount": stage.minor(self.amount, currency)[0]}
        told = stage.issuer.call("POST", f"/v1/transactions/{disputed['id']}/{self.change}", body)
        return Outcome(values={"kind": told.get("kind")})


def _misfits(model: type[BaseModel], document: dict[str, Any]) -> Iterator[Misfit]:
    """The errors of a document of the API."""
    try:
        model.model_validate_json(json.dumps(document))
    except ValidationError as error:
        yield from misfits_of(error, model)


ISSUING: tuple[type[Step], ...] = (
    ChangeCard, SetPin, Balance, SetProgram, ForceDecline, Issuer, SetPolicy, Dispute,
)  # fmt: skip
