"""Who and what takes part in a scenario."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from simulators.card.payment_application import Flow
from simulators.scenarios.values import Amount, AmountText, Seconds

Probability = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class AccountPart(Part):
    """An account."""

    currency: str = Field(default="EUR", description="ISO 4217.")
    credit_limit: AmountText = Field(default=Amount(Decimal(2500)), description="How much may be owed.")
    transaction_limit: AmountText | None = Field(default=None, description="The most at once; no bound where left out.")


class CardPart(Part):
    """A card of an account."""

    account: str = Field(default="main", description="Whose it is.")
    pin: str | None = Field(default=None, pattern="^[0-9]{4,12}$", description="Its PIN, for cash machines.")
    text_message: str | None = Field(default=None, description="Where texts to the cardholder go.")
    e_mail: str | None = Field(default=None, description="Where mails to the cardholder go.")


class PhonePart(Part):
    """A phone, or another thing that pays."""

    kind: Literal["phone", "watch", "band", "car"] = Field(default="phone", description="What it is.")
    card: str = Field(default="main", description="The card that it gets a token for.")
    profile: Literal["aes", "tdes", "sm4"] = Field(default="aes", description="Cryptograms.")
    keys: Literal["secure_element", "limited_use"] = Field(
        default="secure_element", description="The card key in a secure element, or keys for a few taps."
    )
    channels: list[Literal["contactless", "e_commerce", "qr_code"]] = Field(
        default=["contactless", "e_commerce", "qr_code"], description="Where its token may pay."
    )
    countries: list[str] = Field(default=[], description="ISO 3166 numbers; empty for all.")
    token_limit: AmountText | None = Field(default=None, description="The most at once with this token.")
    flow: Flow = Field(default=Flow.QUICK, description="How it speaks to readers.")
    ready: bool = Field(default=True, description="Whether its token is active before the first step.")


class LinePart(Part):
    """Faults of a terminal's line, in each direction alike unless one is named."""

    latency: Seconds = Field(default=0.0, description="How long each message takes.")
    jitter: Seconds = Field(default=0.0, description="Up to how much longer.")
    loss: Probability = Field(default=0.0, description="How many messages never arrive.")
    duplicate: Probability = Field(default=0.0, description="How many arrive twice.")
    reorder: Probability = Field(default=0.0, description="How many are overtaken by others.")
    half_open_after: int | None = Field(default=None, ge=0, description="After so many messages nothing passes.")
    bytes_per_second: float | None = Field(default=None, gt=0, description="How fast it is read.")
    direction: Literal["both", "to_network", "to_terminal"] = Field(default="both", description="Where it has faults.")


class TerminalPart(Part):
    """A terminal and its merchant. What is not said is usual for its kind."""

    kind: Literal["pos", "qr", "online", "atm", "fuel", "hotel", "restaurant", "transit", "vending"] = Field(
        default="pos", description="What it is."
    )
    id: str = Field(default="TERM0001", min_length=1, max_length=8, description="DE 41.")
    merchant: str | None = Field(default=None, max_length=25, description="Name in DE 43.")
    merchant_id: str | None = Field(default=None, max_length=15, description="DE 42.")
    category: str | None = Field(default=None, pattern="^[0-9]{4}$", description="ISO 18245.")
    country: str | None = Field(default=None, pattern="^[0-9]{3}$", description="ISO 3166.")
    acquirer: str | None = Field(default=None, pattern="^[0-9]{1,11}$", description="DE 32.")
    position: tuple[float, float] | None = Field(default=None, description="Latitude and longitude in degrees.")
    floor_limit: AmountText | None = Field(default=None, description="Up to where it approves while the line is down.")
    unverified_limit: AmountText | None = Field(default=None, description="The most without a verified cardholder.")
    partial_approvals: bool = Field(default=False, description="Whether it can take a part.")
    timeout: Seconds = Field(default=5.0, description="How long it waits for an answer.")
    relay_limit: Seconds | None = Field(default=None, description="How long a phone may take to answer.")
    tank: AmountText | None = Field(default=None, description="fuel: what is asked for first.")
    fare: AmountText | None = Field(default=None, description="transit: of one ride.")
    dialect: str | None = Field(default=None, description="How it writes ISO 8583; the network's own if left out.")
    mac: Literal["none", "tdes", "aes"] = Field(default="none", description="Message authentication.")
    line: LinePart | None = Field(default=None, description="Faults of its line.")


class Cast(Part):
    """All of them, by name. What is left out is there once, under the name ``main``, ``phone`` or ``terminal``."""

    accounts: dict[str, AccountPart] = Field(default={"main": AccountPart()}, description="Accounts.")
    cards: dict[str, CardPart] = Field(default={"main": CardPart()}, description="Cards.")
    phones: dict[str, PhonePart] = Field(default={"phone": PhonePart()}, description="Phones.")
    terminals: dict[str, TerminalPart] = Field(default={"terminal": TerminalPart()}, description="Terminals.")
