"""Steps that concern a phone and its token."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field

from simulators.scenarios.staging.cast import Misfit, Part
from simulators.scenarios.staging.expected import DecisionValues, NoValues, PhoneValues, TapsValues, TokenValues
from simulators.scenarios.staging.outcome import Outcome
from simulators.scenarios.staging.rehearsal import Rehearsal
from simulators.scenarios.staging.stage import NeverCameToBe, Stage
from simulators.scenarios.staging.values import Seconds
from simulators.scenarios.steps.step import PhoneStep, Step

_CODE = re.compile(r"\d{6}")


def _of_token(token: dict[str, Any]) -> Outcome:
    decision = token.get("decision") or {}
    return Outcome(
        str(decision.get("outcome", "done")),
        values={"state": token["state"], "reasons": decision.get("reasons", [])},
    )


class RequestToken(PhoneStep):
    """Request a token. The outcome is `approved`, `require_additional_authentication` or `declined`."""

    verb: ClassVar[str] = "request_token"
    values: ClassVar[type[Part]] = DecisionValues

    device_score: int | None = Field(default=None, ge=1, le=5, description="The wallet's score of the device.")
    account_score: int | None = Field(default=None, ge=1, le=5, description="And of the account.")

    def play(self, stage: Stage) -> Outcome:
        """Register and ask."""
        phone = self.actor(stage)
        if phone.device_id is None:
            phone.register()
        scores = {"device_score": self.device_score, "account_score": self.account_score}
        risk = {name: score for name, score in scores.items() if score is not None}
        card = stage.cards[stage.cast.phones[self.phone].card]
        wish = stage.wish(self.phone) | ({"risk": risk} if risk else {})
        return _of_token(phone.request_token(card, **wish))


class Activate(PhoneStep):
    """Activate an approved token."""

    verb: ClassVar[str] = "activate"
    values: ClassVar[type[Part]] = TokenValues

    def play(self, stage: Stage) -> Outcome:
        """Activate."""
        return Outcome(values={"state": self.actor(stage).activate()["state"]})


class Provision(PhoneStep):
    """Register the device, request a token and activate it."""

    verb: ClassVar[str] = "provision"

    def play(self, stage: Stage) -> Outcome:
        """Provision."""
        stage.provision(self.phone)
        return Outcome()


class SendCode(PhoneStep):
    """Request a one-time code for verification."""

    verb: ClassVar[str] = "send_code"

    method: Literal["text_message", "e_mail"] = Field(default="text_message", description="How.")

    def leave(self, rehearsal: Rehearsal) -> None:
        """A code to enter."""
        rehearsal.codes.add(self.phone)

    def play(self, stage: Stage) -> Outcome:
        """Send, and look at what came."""
        phone = self.actor(stage)
        phone.send_code(self.method)
        sent = stage.issuer.call("GET", f"/v1/simulations/messages?token_id={phone.token_id}")["data"][0]
        found = _CODE.search(sent["text"])
        assert found is not None, "a code message holds six digits"
        stage.codes[self.phone] = found[0]
        return Outcome()


class EnterCode(PhoneStep):
    """Enter the one-time code that was sent, or a wrong one."""

    verb: ClassVar[str] = "enter_code"
    values: ClassVar[type[Part]] = TokenValues

    wrong: bool = Field(default=False, description="Whether it is another one.")

    def foreseen(self, rehearsal: Rehearsal) -> Iterator[Misfit]:
        """The error of a code that no step has sent."""
        yield from super().foreseen(rehearsal)
        if self.phone in rehearsal.names("phones") and self.phone not in rehearsal.codes:
            yield "", f"there is no code to enter: no step send_code before is of phone {self.phone!r}"

    def play(self, stage: Stage) -> Outcome:
        """Enter."""
        if self.phone not in stage.codes:
            raise NeverCameToBe("no_such_code", f"no code came for phone {self.phone!r}")
        code = stage.codes[self.phone]
        if self.wrong:
            code = f"{(int(code) + 1) % 1_000_000:06d}"
        return Outcome(values={"state": self.actor(stage).enter_code(code)["state"]})


class ChangeToken(PhoneStep):
    """Suspend, resume or deactivate a token. by: the initiator."""

    verb: ClassVar[str] = "change_token"
    values: ClassVar[type[Part]] = TokenValues

    change: Literal["suspend", "resume", "deactivate"] = Field(description="What is done.")
    by: Literal["cardholder", "issuer", "network"] = Field(default="cardholder", description="Who does it.")

    def play(self, stage: Stage) -> Outcome:
        """Change."""
        phone = self.actor(stage)
        if self.by == "cardholder":
            token = phone.delete_token() if self.change == "deactivate" else phone.change_token(self.change)
        else:
            path = f"/v1/tokens/{phone.token_id}/{self.change}"
            token = stage.issuer.call("POST", path, {"initiator": self.by})
        return Outcome(values={"state": token["state"]})


class Refill(PhoneStep):
    """Replenish the limited-use key."""

    verb: ClassVar[str] = "refill"
    values: ClassVar[type[Part]] = TapsValues

    def play(self, stage: Stage) -> Outcome:
        """Refill."""
        phone = self.actor(stage)
        phone.refill()
        return Outcome(values={"taps_left": phone.taps_left})


class Set(PhoneStep):
    """Lock a phone, disconnect it, set its clock ahead, or tamper with it."""

    verb: ClassVar[str] = "set_phone"
    values: ClassVar[type[Part]] = NoValues

    locked: bool | None = Field(default=None, description="Whether it is locked.")
    network: bool | None = Field(default=None, description="Whether it has a network.")
    clock_ahead: Seconds | None = Field(default=None, description="How far its clock is ahead.")
    tampered: bool | None = Field(default=None, description="Whether it signs on when its key is used up.")

    def foreseen(self, rehearsal: Rehearsal) -> Iterator[Misfit]:
        """Nothing to change."""
        yield from super().foreseen(rehearsal)
        names = [name for name in type(self).model_fields if name not in self.refers_to]
        if not any(getattr(self, name) is not None for name in names):
            yield "", f"changes nothing: say one of {', '.join(names)}"

    def play(self, stage: Stage) -> Outcome:
        """Set."""
        phone = self.actor(stage)
        if self.locked is not None:
            phone.is_locked = self.locked
        if self.network is not None:
            phone.has_network = self.network
        if self.clock_ahead is not None:
            phone.clock_ahead = self.clock_ahead
        if self.tampered is not None:
            phone.is_tampered = self.tampered
        return Outcome()


class FactoryReset(PhoneStep):
    """Reset the phone: it loses its token and keys."""

    verb: ClassVar[str] = "factory_reset"
    values: ClassVar[type[Part]] = NoValues

    def play(self, stage: Stage) -> Outcome:
        """Reset."""
        self.actor(stage).factory_reset()
        return Outcome()


class LookAtPhone(PhoneStep):
    """Read the state of the phone and its token: `state`, `taps_left`, `wants_refill`."""

    verb: ClassVar[str] = "look_at_phone"
    values: ClassVar[type[Part]] = PhoneValues

    def play(self, stage: Stage) -> Outcome:
        """Look."""
        phone = self.actor(stage)
        if phone.token_id is None:
            return Outcome(values={"state": "none", "taps_left": None, "wants_refill": False})
        state = stage.issuer.call("GET", f"/v1/tokens/{phone.token_id}")["state"]
        return Outcome(values={"state": state, "taps_left": phone.taps_left, "wants_refill": phone.wants_refill})


class MoveToken(PhoneStep):
    """Provision a token to this phone that replaces the token on another phone."""

    verb: ClassVar[str] = "move_token"
    refers_to: ClassVar[dict[str, str]] = {"phone": "phones", "from_phone": "phones"}

    from_phone: str = Field(description="Whose token it replaces.")

    def play(self, stage: Stage) -> Outcome:
        """Provision with `replaces`."""
        phone, other = self.actor(stage), stage.phones[self.from_phone]
        card = stage.cards[stage.cast.phones[self.phone].card]
        phone.provision(card, **stage.wish(self.phone), replaces=other.token_id)
        return Outcome()


class PushProvision(PhoneStep):
    """Provision a token with the issuer's push payload instead of a card identifier."""

    verb: ClassVar[str] = "push_provision"

    def play(self, stage: Stage) -> Outcome:
        """Provision."""
        card = stage.cards[stage.cast.phones[self.phone].card]
        payload = stage.issuer.call("POST", f"/v1/cards/{card}/push_payloads")["push_payload"]
        self.actor(stage).provision(None, **stage.wish(self.phone), push_payload=payload)
        return Outcome()


PHONES: tuple[type[Step], ...] = (
    RequestToken, Activate, Provision, SendCode, EnterCode, ChangeToken, Refill, Set, FactoryReset, LookAtPhone,
    MoveToken, PushProvision,
)  # fmt: skip
