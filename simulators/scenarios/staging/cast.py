"""The cast of a scenario: accounts, cards, phones and terminals."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from authz.iso8583.dialects.dialect_files import dialect_named
from authz.iso8583.dialects.fields import DialectError, built_in
from authz.iso8583.encoding import codec
from simulators.parties.merchant import Merchant
from simulators.scenarios.staging.values import (
    AcquirerNumber,
    Amount,
    AmountText,
    CategoryCode,
    CountryNumber,
    CurrencyCode,
    Pin,
    Seconds,
)
from simulators.wallet.card.payment_application import Flow
from tokenvault.cards.contact_points import VerificationMethod, check_contact
from tokenvault.cards.products import CUT_DAYS, NO_PRODUCT, PRODUCTS, cut_day_with
from tokenvault.cards.segments import LIFE_STAGES, SEGMENTS
from tokenvault.tokens.tokens import CRYPTOGRAM_PROFILES
from tokenvault.vocabulary.errors import FieldError

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Probability = Annotated[float, Field(ge=0, le=1)]

Misfit = tuple[str, str]
"""A key, empty for the whole, and what is wrong with its value although it is of the right form."""


class Part(BaseModel):
    """Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False)

    def misfits(self) -> Iterator[Misfit]:
        """What is wrong of values that are of the right form each."""
        yield from ()


def _dialect(name: str) -> str:
    try:
        dialect_named(name)
    except DialectError as error:
        raise ValueError(str(error)) from None
    return name


def _contact(method: VerificationMethod) -> AfterValidator:
    def check(value: str) -> str:
        try:
            check_contact(method, value)
        except FieldError as error:
            raise ValueError(error.detail) from None
        return value

    return AfterValidator(check)


TelephoneNumber = Annotated[str, _contact(VerificationMethod.TEXT_MESSAGE)]
MailAddress = Annotated[str, _contact(VerificationMethod.E_MAIL)]
DialectName = Annotated[str, AfterValidator(_dialect)]


class AccountPart(Part):
    """An account."""

    currency: CurrencyCode = Field(default="EUR", description="Currency, ISO 4217.")
    credit_limit: AmountText = Field(default=Amount(Decimal(2500)), description="Credit limit.")
    transaction_limit: AmountText | None = Field(
        default=None, description="Maximum of a single transaction; no maximum if left out."
    )
    product: int | None = Field(
        default=None,
        ge=PRODUCTS[0],
        le=PRODUCTS[-1],
        description="Number of its product in the program; none if left out or 0.",
    )
    cut_day: int | None = Field(
        default=None,
        ge=CUT_DAYS[0],
        le=CUT_DAYS[-1],
        description="Day of the month on which its statements are cut; 1 if left out.",
    )
    segment: int | None = Field(
        default=None,
        ge=SEGMENTS[0],
        le=SEGMENTS[-1],
        description="Segment that it is pinned to; if left out, it begins in segment 0 and is pinned to none.",
    )
    life_stage: int | None = Field(
        default=None,
        ge=LIFE_STAGES[0],
        le=LIFE_STAGES[-1],
        description="Stage of life of its customer, 1 to 15; not known if left out or 0.",
    )

    def misfits(self) -> Iterator[Misfit]:
        """Amounts that are none of the account's currency, and a cut day without a product."""
        try:
            cut_day_with(self.product or NO_PRODUCT, self.cut_day)
        except FieldError as error:
            yield error.field, error.detail
        for name, amount in (("credit_limit", self.credit_limit), ("transaction_limit", self.transaction_limit)):
            if amount is not None and (misfit := amount.misfit(self.currency)):
                yield name, misfit


class CardPart(Part):
    """A card of an account."""

    account: str = Field(default="main", description="The account that it belongs to.")
    pin: Pin | None = Field(default=None, description="Its PIN, for cash machines.")
    text_message: TelephoneNumber | None = Field(
        default=None, description="The cardholder's telephone number for text messages."
    )
    e_mail: MailAddress | None = Field(default=None, description="The cardholder's e-mail address.")


class PhonePart(Part):
    """A phone, or another thing that pays."""

    kind: Literal["phone", "watch", "band", "car"] = Field(default="phone", description="Type of device.")
    card: str = Field(default="main", description="The card that its token is provisioned for.")
    profile: Literal["aes", "tdes", "sm4"] = Field(default="aes", description="Cryptogram profile.")
    keys: Literal["secure_element", "limited_use"] = Field(
        default="secure_element", description="A card key in a secure element, or limited-use keys."
    )
    channels: list[Literal["contactless", "e_commerce", "qr_code"]] = Field(
        default=["contactless", "e_commerce", "qr_code"], description="Channels in its token's domain."
    )
    countries: list[CountryNumber] = Field(
        default=[], description="Countries in its token's domain, ISO 3166 numeric codes; all if empty."
    )
    token_limit: AmountText | None = Field(default=None, description="Maximum of a single transaction with this token.")
    flow: Flow = Field(default=Flow.QUICK, description="Contactless flow: cryptogram with GPO, or with GENERATE AC.")
    ready: bool = Field(default=True, description="Whether its token is active before the first step.")

    def misfits(self) -> Iterator[Misfit]:
        """Keys for a few taps of a profile that has none."""
        _, limited_use_version, _ = CRYPTOGRAM_PROFILES[self.profile]
        if self.keys == "limited_use" and limited_use_version is None:
            yield "keys", f"the profile {self.profile} has no limited-use keys"


class LinePart(Part):
    """Faults of a terminal's line, in each direction alike unless one is named."""

    latency: Seconds = Field(default=0.0, description="Delay of each message.")
    jitter: Seconds = Field(default=0.0, description="Maximum additional random delay.")
    loss: Probability = Field(default=0.0, description="Probability that a message is lost.")
    duplicate: Probability = Field(default=0.0, description="Probability that a message arrives twice.")
    reorder: Probability = Field(default=0.0, description="Probability that a message is overtaken by the next.")
    half_open_after: int | None = Field(
        default=None, ge=0, description="Number of messages after which nothing passes any more."
    )
    bytes_per_second: float | None = Field(default=None, gt=0, description="Maximum rate, bytes per second.")
    direction: Literal["both", "to_network", "to_terminal"] = Field(
        default="both", description="The direction that has faults."
    )


class TerminalPart(Part):
    """A terminal and its merchant. Missing values are the usual ones of its kind."""

    kind: Literal["pos", "qr", "online", "atm", "fuel", "hotel", "restaurant", "transit", "vending"] = Field(
        default="pos", description="Type of terminal."
    )
    id: str = Field(default="TERM0001", min_length=1, max_length=8, description="DE 41.")
    merchant: str | None = Field(default=None, max_length=25, description="Merchant name in DE 43.")
    merchant_id: str | None = Field(default=None, max_length=15, description="DE 42.")
    category: CategoryCode | None = Field(default=None, description="Merchant category code, ISO 18245.")
    country: CountryNumber | None = Field(default=None, description="Country, ISO 3166 numeric code.")
    acquirer: AcquirerNumber | None = Field(default=None, description="DE 32.")
    position: tuple[Latitude, Longitude] | None = Field(default=None, description="Latitude and longitude in degrees.")
    floor_limit: AmountText | None = Field(
        default=None, description="Floor limit for offline approval while the connection is down."
    )
    unverified_limit: AmountText | None = Field(
        default=None, description="Maximum amount without cardholder verification."
    )
    partial_approvals: bool = Field(default=False, description="Whether it accepts partial approvals.")
    timeout: Seconds = Field(default=5.0, gt=0, description="How long it waits for a response.")
    relay_limit: Seconds | None = Field(
        default=None, description="Maximum response time of a phone in relay resistance."
    )
    tank: AmountText | None = Field(default=None, description="fuel: pre-authorized amount.")
    fare: AmountText | None = Field(default=None, description="transit: fare of one ride.")
    dialect: DialectName | None = Field(default=None, description="ISO 8583 dialect; the network's own if left out.")
    mac: Literal["none", "tdes", "tdes_cbc", "aes"] = Field(
        default="none", description="Message authentication algorithm."
    )
    line: LinePart | None = Field(default=None, description="Faults of its connection.")

    def misfits(self) -> Iterator[Misfit]:
        """Amounts that name a currency, what other kinds of terminals have, and texts that its dialect cannot carry."""
        for name in ("floor_limit", "unverified_limit", "tank", "fare"):
            amount = getattr(self, name)
            if amount is None:
                continue
            if amount.currency is not None:
                yield name, f"leave {amount.currency} out: it holds for the currency of each payment"
            elif misfit := amount.misfit("EUR"):
                yield name, misfit
        for name, kind in (("tank", "fuel"), ("fare", "transit")):
            if getattr(self, name) is not None and self.kind != kind:
                yield name, f"is for terminals of kind {kind}, and this one is of kind {self.kind}"
        yield from self._unwritable()

    def _unwritable(self) -> Iterator[Misfit]:
        dialect = built_in() if self.dialect is None else dialect_named(self.dialect)
        name_and_location = Merchant(name=self.merchant or "").name_and_location
        texts = {"id": (41, f"{self.id:<8}"), "merchant_id": (42, f"{self.merchant_id or '':<15}")}
        for name, (number, text) in (texts | {"merchant": (43, name_and_location)}).items():
            if not text.isprintable():
                yield name, f"DE {number} cannot carry control characters"
                continue
            try:
                codec.encode({0: "0100", number: text}, dialect)
            except codec.MessageError as error:
                yield name, f"DE {number} cannot carry it: {error.reason}"


class Cast(Part):
    """All of them, by name. What is left out is there once, under the name ``main``, ``phone`` or ``terminal``."""

    accounts: dict[str, AccountPart] = Field(default={"main": AccountPart()}, description="Accounts.")
    cards: dict[str, CardPart] = Field(default={"main": CardPart()}, description="Cards.")
    phones: dict[str, PhonePart] = Field(default={"phone": PhonePart()}, description="Phones.")
    terminals: dict[str, TerminalPart] = Field(default={"terminal": TerminalPart()}, description="Terminals.")
