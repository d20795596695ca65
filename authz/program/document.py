"""The program document: JSON, validated field by field."""

from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from authz.program.categories import SCENES_MAX, CategoryRange, Scene, check_scenes, need_names, scene_names
from authz.program.conditions import Condition, Filter, ScopeName, comparisons
from authz.program.offers import OFFER_NUMBERS, Offer
from authz.program.parts import BOUND_MAX, JOURNALED, Identifier, Part, is_new
from authz.program.periods import PERIODS, check_subject, check_window
from authz.program.segments import SEGMENT_NUMBERS, Segment, check_terms
from authz.program.settings import CashVerification, Desk, Rates, StandIn
from authz.program.terms import NUMBERS, Product
from authz.program.units import Unit
from authz.program.utc_offsets import UtcOffset, offsets_of
from authz.vocabulary.layouts import UNITS
from authz.vocabulary.reasons import DECLINES
from tokenvault.reference_data.currencies import CURRENCIES, NO_CURRENCY
from tokenvault.vocabulary.errors import CallerError, NotFound
from tokenvault.vocabulary.identifiers import Prefix, to_number

Numbered = TypeVar("Numbered", Product, Segment, Unit, Offer)


def _decline_reason(code: str) -> str:
    if code not in {reason.code for reason in DECLINES}:
        raise ValueError(f"{code!r} is not a decline reason")
    return code


class Limit(Part):
    """A bound on how much, or how often, within a window."""

    id: Identifier
    scope: ScopeName = Field(default="account", description="Whose transactions count.", examples=["account"])
    window: str = Field(
        description=f"`transaction`, {', '.join(f'`{period}`' for period in PERIODS)}, or a trailing "
        "length such as `15m`, `24h` or `30d`.",
        examples=["day"],
    )
    count_max: int | None = Field(
        default=None, ge=0, le=BOUND_MAX, description="The limit's maximum number of transactions.", examples=[10]
    )
    amount_max: int | None = Field(
        default=None, ge=0, le=BOUND_MAX, description="The most, minor units.", examples=[50000]
    )
    currency: str | None = Field(
        default=None, description="Accounts of this currency only; needed with amount_max.", examples=["EUR"]
    )
    where: Filter = Field(default=Filter(), description="Which transactions.", examples=[{"channels": ["contactless"]}])
    reason: str = Field(default="exceeds_limit", description="The decline reason.", examples=["exceeds_limit"])

    @field_validator("reason")
    @classmethod
    def _known_reason(cls, code: str) -> str:
        return _decline_reason(code)

    @field_validator("window")
    @classmethod
    def _known_window(cls, window: str) -> str:
        return check_window(window, "transaction")

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, code: str | None) -> str | None:
        if code is not None and code not in CURRENCIES:
            raise ValueError(f"{code} {NO_CURRENCY}")
        return code

    @model_validator(mode="after")
    def _bounds_something(self) -> "Limit":
        if self.count_max is None and self.amount_max is None:
            raise ValueError("give count_max, amount_max or both")
        if self.amount_max is not None and self.currency is None:
            raise ValueError("amount_max needs a currency")
        check_subject(self.window, self.scope)
        if self.window == "transaction" and self.count_max is not None:
            raise ValueError("count_max is not allowed with the window transaction")
        return self


class AppliesTo(Part):
    """Whom a rule is about."""

    scope: Literal["program", "segment", "account", "card", "token"] = Field(
        default="program", description="Everybody, or one segment, account, card or token.", examples=["segment"]
    )
    id: str | None = Field(default=None, description="Which: an identifier, or the segment's number.", examples=["3"])

    @model_validator(mode="after")
    def _names_one(self) -> "AppliesTo":
        if (self.id is None) != (self.scope == "program"):
            raise ValueError("id is the segment, account, card or token, and must be left out for the program")
        if self.id is not None:
            subject_number(self.scope, self.id)
        return self


_PREFIXES = {"account": Prefix.ACCOUNT, "card": Prefix.CARD, "token": Prefix.TOKEN}


def subject_number(scope: str, identifier: str) -> int:
    """The number of a segment, account, card or token. Raises: ValueError."""
    if scope == "segment":
        if not identifier.isdecimal() or int(identifier) > 255:
            raise ValueError("a segment must be 0 to 255")
        return int(identifier)
    try:
        return to_number(_PREFIXES[scope], identifier)
    except NotFound as error:
        raise ValueError(error.message) from None


class Rule(Part):
    """What to do where a condition holds. Rules are asked in the order in which they stand."""

    id: Identifier
    description: str = Field(default="", max_length=500, description="A name for display.", examples=["Cash at night"])
    state: Literal["draft", "shadow", "live"] = Field(
        default="draft",
        description="`live` decides; `shadow` is evaluated and reported and changes nothing; `draft` does neither.",
        examples=["shadow"],
    )
    applies_to: AppliesTo = Field(default=AppliesTo(), description="Whom it is about.", examples=[{"scope": "program"}])
    when: Condition = Field(
        description="The condition.", examples=[{"attribute": "amount", "operator": ">", "value": 50000}]
    )
    action: Literal["allow", "flag", "decline", "step_up", "refer", "ask"] = Field(
        description="`decline`, `step_up` (verify the cardholder and try again), `refer` (call the issuer), `flag` for "
        "review and continue, `ask` the issuer by webhook before approving, or `allow`: no later rule is evaluated.",
        examples=["decline"],
    )
    reason: str = Field(
        default="suspected_fraud", description="The decline reason of action decline.", examples=["suspected_fraud"]
    )

    @field_validator("reason")
    @classmethod
    def _known_reason(cls, code: str) -> str:
        return _decline_reason(code)

    @model_validator(mode="after")
    def _counts_in_its_own_segment(self, info: ValidationInfo) -> "Rule":
        if is_new(info) and self.applies_to.scope == "segment" and self.applies_to.id is not None:
            own = subject_number("segment", self.applies_to.id)
            for comparison in comparisons(self.when):
                if comparison.where.segments and own not in comparison.where.segments:
                    raise ValueError(f"{comparison.attribute} leaves out the segment {own} that the rule applies to")
        return self


class ProgramDocument(Part):
    """The whole program."""

    description: str = Field(
        default="", max_length=2000, description="What it is, for people.", examples=["Limits of a test network"]
    )
    time_zone: str = Field(
        default="UTC", description="Zone of calendar days, weeks, months and years.", examples=["Europe/Berlin"]
    )
    utc_offsets: list[UtcOffset] = Field(
        default=[],
        description="The zone's offsets, filled in when the program is activated so that a replay needs no zone file.",
        examples=[[]],
    )
    categories: list[CategoryRange] = Field(
        default=[],
        description="How merchant categories are treated; those in no range hold for 168 hours.",
        examples=[[]],
    )
    scenes: list[Scene] = Field(
        default=[],
        max_length=SCENES_MAX,
        description="Where customers spend, by merchant category, and the needs that are served there.",
        examples=[[{"scene": "restaurant", "need": "dining", "categories": [["5812", "5812"]]}]],
    )
    limits: list[Limit] = Field(
        default=[], max_length=256, description="Limits; amounts in minor units.", examples=[[]]
    )
    rules: list[Rule] = Field(default=[], max_length=512, description="Rules.", examples=[[]])
    products: list[Product] = Field(
        default=[],
        max_length=len(NUMBERS),
        description="Products with their terms: interest, fees, and when what is owed must be paid.",
        examples=[[{"number": 1, "id": "phone_card"}]],
    )
    segments: list[Segment] = Field(
        default=[],
        max_length=len(SEGMENT_NUMBERS),
        description="Segments of customers, each with terms that lie over those of a product.",
        examples=[[{"number": 1, "id": "travel_core", "terms": {"grace_days": 25}}]],
    )
    units: list[Unit] = Field(
        default=[],
        max_length=len(UNITS),
        description="Counted rights that accounts hold: points, visits, waivers.",
        examples=[[{"number": 1, "id": "points", "price": 1, "expires_days": 730}]],
    )
    offers: list[Offer] = Field(
        default=[],
        max_length=len(OFFER_NUMBERS),
        description="What accounts are given for what they buy.",
        examples=[[{"number": 1, "id": "pack", "gives": {"back_ppm": 200_000, "at_most": 3_000}}]],
    )
    stand_in: StandIn = Field(
        default=StandIn(), description="What is approved while the issuer is down.", examples=[{"amount_max": 5000}]
    )
    desk: Desk = Field(
        default=Desk(), description="How long cases wait, by desk.", examples=[{"one_to_one": {"seconds": 60}}]
    )
    cash_verification: CashVerification = Field(
        default=CashVerification(),
        description="How the cardholder must be verified before cash is paid out.",
        examples=[{"cash": "pin", "purchase_with_cash_back": "any"}],
    )
    test_amounts: bool = Field(
        default=True,
        description="Whether certain amounts, in minor units, ask for a decline; see docs/test-values.md.",
        examples=[True],
    )
    rates: Rates = Field(default=Rates(), description="Conversion rates.", examples=[{"base": "EUR", "per_base": {}}])

    @model_validator(mode="after")
    def _names_are_one_thing_each(self) -> "ProgramDocument":
        for name, parts in (("limits", self.limits), ("rules", self.rules)):
            identifiers = [part.id for part in parts]
            if twice := [each for each in identifiers if identifiers.count(each) > 1]:
                raise ValueError(f"{name}: {twice[0]} occurs twice")
        self._check_names_of_categories()
        return self

    @model_validator(mode="after")
    def _terms_fit_over_each_other(self) -> "ProgramDocument":
        try:
            check_terms(self.products, self.segments)
        except ValueError as error:
            raise ValueError(f"segments: {error}") from None
        return self

    def _check_names_of_categories(self) -> None:
        """Whether the groups, scenes and needs that limits, rules and offers name are there. Raises: ValueError."""
        kinds = (
            (
                "category_group",
                "category_groups",
                {each.group for each in self.categories},
                "no category is in a group",
            ),
            ("scene", "scenes", set(scene_names(self.scenes)), "there is no scene"),
            ("need", "needs", set(need_names(self.scenes)), "no scene serves a need"),
        )
        wheres = [*(limit.where for limit in self.limits), *(offer.where for offer in self.offers)]
        wheres += [unit.pays_for.where for unit in self.units if unit.pays_for is not None]
        for attribute, field, known, refusal in kinds:
            named = [("where", name) for where in wheres for name in getattr(where, field)]
            for owner, condition in self._conditions():
                for comparison in comparisons(condition):
                    named += [("where", name) for name in getattr(comparison.where, field)]
                    if comparison.attribute == attribute and comparison.operator != "is_unknown":
                        values = comparison.value if isinstance(comparison.value, list) else [comparison.value]
                        named += [(owner, value) for value in values]
            for place, name in named:
                if name not in known:
                    raise ValueError(f"{place}: {refusal} {name!r}")

    def _conditions(self) -> list[tuple[str, Condition]]:
        """The conditions of rules and segments, each with whose it is."""
        of_rules = [(f"rules: {rule.id}", rule.when) for rule in self.rules]
        return of_rules + [(f"segments: {each.id}", each.when) for each in self.segments if each.when is not None]

    @field_validator("scenes")
    @classmethod
    def _scenes_are_disjoint(cls, scenes: list[Scene]) -> list[Scene]:
        check_scenes(scenes)
        return scenes

    @field_validator("products", "segments", "units", "offers")
    @classmethod
    def _numbers_and_names_differ(cls, parts: list[Numbered]) -> list[Numbered]:
        for field in ("number", "id"):
            values = [getattr(part, field) for part in parts]
            if twice := [value for value in values if values.count(value) > 1]:
                raise ValueError(f"{field} {twice[0]} occurs twice")
        return parts

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name!r} is not a time zone of the IANA database") from None
        return name


class ProgramInvalid(CallerError):
    """A document that is not valid. problems: paths in the document, and what is wrong there."""

    code = "invalid_program"
    status_hint = 422

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in problems))
        self.problems = problems

    @property
    def fields(self) -> list[tuple[str, str]]:
        """See `CallerError.fields`."""
        return self.problems


def read_document(content: bytes | str) -> ProgramDocument:
    """Check a document that was submitted. Raises: ProgramInvalid."""
    return _checked(content, {})


def journaled_document(content: bytes) -> ProgramDocument:
    """A document that was in force: it is not asked again whether it makes sense. Raises: ProgramInvalid."""
    return _checked(content, {JOURNALED: True})


def _checked(content: bytes | str, context: dict[str, bool]) -> ProgramDocument:
    try:
        return ProgramDocument.model_validate_json(content, context=context)
    except ValidationError as error:
        raise ProgramInvalid(
            [(_path(each["loc"]), each["msg"].removeprefix("Value error, ")) for each in error.errors()]
        ) from None


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif not part.startswith("("):  # an alternative of the schema
            path += f".{part}" if path else part
    return path or "document"


def with_offsets(document: ProgramDocument) -> ProgramDocument:
    """The document with the offsets of its zone from 2000 to 2100."""
    return document.model_copy(update={"utc_offsets": offsets_of(document.time_zone)})


def canonical(document: ProgramDocument) -> bytes:
    """The document as the bytes that are journaled."""
    content: Any = document.model_dump_json(exclude_defaults=True, by_alias=True)
    return str(content).encode()
