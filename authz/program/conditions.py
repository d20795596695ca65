"""Conditions of rules: comparisons of attributes, combined with all, any and not."""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, ValidationInfo, model_validator

from authz.program.contradictions import Claim, Domain, Value, can_hold, check_claim
from authz.program.parts import IDENTIFIER, Identifier, Part, is_new
from authz.program.periods import check_subject, check_window
from authz.vocabulary.attributes import HUNDREDTHS, MEANINGS, Attribute, Form
from authz.vocabulary.commands import CardholderVerification, Channel, Operation
from authz.vocabulary.layouts import SEGMENTS
from tokenvault.reference_data.countries import NO_COUNTRY, is_country
from tokenvault.reference_data.currencies import CURRENCIES, NO_CURRENCY
from tokenvault.reference_data.merchant_categories import NO_CATEGORY, is_merchant_category

_METER_ATTRIBUTE = re.compile(r"^(count|amount|declines)_([a-z0-9_]+)$")

ATTRIBUTE_BY_CODE = {attribute.code: attribute for attribute in Attribute}

ScopeName = Literal["segment", "account", "card", "token"]
OperatorName = Literal["=", "!=", "<", "<=", ">", ">=", "in", "not_in", "between", "is_unknown"]
_ORDERED = ("<", "<=", ">", ">=", "between")
_ORDERED_FORMS = {Form.NUMBER, Form.MINOR_UNITS, Form.SECONDS, Form.KILOMETRES, Form.DECIMAL}


class Filter(Part):
    """Which transactions something is about; an empty list means all."""

    channels: list[str] = Field(default=[], description="Names of channels.", examples=[["contactless"]])
    operations: list[str] = Field(default=[], description="Names of operations.", examples=[["cash"]])
    cardholder_verification: list[str] = Field(default=[], description="`none`, `pin`, `device`.", examples=[["none"]])
    categories: list[str] = Field(default=[], description="Merchant categories.", examples=[["5411"]])
    category_groups: list[str] = Field(default=[], description="Names of category groups.", examples=[["grocery"]])
    scenes: list[Identifier] = Field(default=[], description="Names of scenes.", examples=[["restaurant"]])
    needs: list[Identifier] = Field(
        default=[], description="Needs: the category is in a scene that serves one of them.", examples=[["dining"]]
    )
    countries: list[str] = Field(default=[], description="ISO 3166 numeric codes.", examples=[["276"]])
    merchants: list[Annotated[str, Field(pattern="^[ -~]{1,15}$")]] = Field(
        default=[], description="DE 42.", examples=[["CAFE00000000001"]]
    )
    segments: list[Annotated[int, Field(ge=SEGMENTS.start, lt=SEGMENTS.stop)]] = Field(
        default=[], description="Numbers of segments: the account is in one of them now.", examples=[[7]]
    )

    @model_validator(mode="after")
    def _names_are_known(self, info: ValidationInfo) -> "Filter":
        for names, kind in (
            (self.channels, Channel),
            (self.operations, Operation),
            (self.cardholder_verification, CardholderVerification),
        ):
            known = {member.name.lower() for member in kind}
            if unknown := [name for name in names if name not in known]:
                raise ValueError(f"{unknown[0]!r} is not one of {', '.join(sorted(known))}")
        for codes, form in ((self.categories, Form.CATEGORY), (self.countries, Form.COUNTRY)):
            for code in codes:
                check_form(form, code, is_new=is_new(info))
        return self

    @model_validator(mode="after")
    def _names_each_once(self, info: ValidationInfo) -> "Filter":
        for field, names in self.model_dump().items() if is_new(info) else ():
            if twice := [name for name in names if names.count(name) > 1]:
                raise ValueError(f"{field} contains {twice[0]!r} twice")
        return self


class Comparison(Part):
    """An attribute compared with a value. What is not known compares as false."""

    attribute: str = Field(description="Name of an attribute.", examples=["amount"])
    operator: OperatorName = Field(description="How to compare.", examples=[">"])
    value: Any = Field(default=None, description="What with: a list for in, not_in and between.", examples=[50000])
    of: ScopeName = Field(
        default="account", description="Whose transactions count_, amount_ and declines_ look at.", examples=["token"]
    )
    where: Filter = Field(default=Filter(), description="Which of them.", examples=[{"channels": ["contactless"]}])

    @model_validator(mode="after")
    def _fits_the_attribute(self, info: ValidationInfo) -> "Comparison":
        form = form_of(self.attribute)
        is_meter = self.attribute not in ATTRIBUTE_BY_CODE
        if not is_meter and self.where != Filter():
            raise ValueError(f"where is allowed only for count_, amount_ and declines_, not for {self.attribute}")
        if measured := meter_of(self.attribute):
            check_subject(measured[1], self.of)
        if self.operator in _ORDERED and form not in _ORDERED_FORMS:
            raise ValueError(f"{self.attribute} has no order; compare it with =, !=, in or not_in only")
        if self.operator == "is_unknown":
            if self.value is not None:
                raise ValueError("is_unknown takes no value")
            return self
        values = self.value if self.operator in ("in", "not_in", "between") else [self.value]
        if not isinstance(values, list) or not values:
            raise ValueError(f"{self.operator} requires a list of values")
        if self.operator == "between" and len(values) != 2:
            raise ValueError("between requires two values, the lower and the upper bound")
        for value in values:
            check_form(form, value, is_new=is_new(info))
        return self

    @model_validator(mode="after")
    def _makes_sense(self, info: ValidationInfo) -> "Comparison":
        if is_new(info):
            check_claim(_claim(self), _domain_of(self.attribute))
        return self


def meter_of(attribute: str) -> tuple[str, str] | None:
    """What an attribute such as ``count_24h`` measures and over which window; None for fixed attributes."""
    found = _METER_ATTRIBUTE.match(attribute)
    if found is None or attribute in ATTRIBUTE_BY_CODE:
        return None
    return found[1], found[2]


def form_of(attribute: str) -> Form:
    """How values of an attribute are written. Raises: ValueError if there is no such attribute."""
    if attribute in ATTRIBUTE_BY_CODE:
        return MEANINGS[ATTRIBUTE_BY_CODE[attribute]].form
    meter = meter_of(attribute)
    if meter is None:
        raise ValueError(f"there is no attribute {attribute!r}")
    check_window(meter[1])
    return Form.MINOR_UNITS if meter[0] == "amount" else Form.NUMBER


_NAMES: Mapping[Form, frozenset[Value]] = {
    Form.CHANNEL: frozenset(member.name.lower() for member in Channel),
    Form.OPERATION: frozenset(member.name.lower() for member in Operation),
    Form.VERIFICATION: frozenset(member.name.lower() for member in CardholderVerification),
}
_PATTERNS = {
    Form.COUNTRY: r"[0-9]{3}",
    Form.CATEGORY: r"[0-9]{4}",
    Form.CURRENCY: "|".join(CURRENCIES),
    Form.DIGITS: r"[0-9]{1,18}",
    Form.GROUP: r"[a-z][a-z_]{0,31}",
    Form.SCENE: IDENTIFIER,
    Form.NEED: IDENTIFIER,
    Form.MERCHANT: r"[ -~]{1,15}",
}
_CODES: Mapping[Form, tuple[Callable[[str], bool], str]] = {
    Form.COUNTRY: (is_country, NO_COUNTRY),
    Form.CATEGORY: (is_merchant_category, NO_CATEGORY),
    Form.CURRENCY: (CURRENCIES.__contains__, NO_CURRENCY),
}
_NUMBER_MAX = 10**15


def check_form(form: Form, value: Any, *, is_new: bool = True) -> None:
    """Whether a value is written as it must be. Raises: ValueError.

    is_new: whether a code has to be assigned to something now. One in the journal may have been withdrawn since.
    """
    if form is Form.BOOLEAN:
        fits = isinstance(value, bool)
    elif form is Form.DECIMAL:
        # NaN is smaller than nothing.
        fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _NUMBER_MAX
    elif form in _ORDERED_FORMS:
        fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) < _NUMBER_MAX
    elif form in _NAMES:
        fits = isinstance(value, str) and value in _NAMES[form]
    elif form in _CODES and is_new:
        is_assigned, refusal = _CODES[form]
        if not (isinstance(value, str) and is_assigned(value)):
            raise ValueError(f"{value!r} {refusal}")
        return
    else:
        fits = isinstance(value, str) and re.fullmatch(_PATTERNS[form], value) is not None
    if not fits:
        raise ValueError(f"{value!r} is not of the form: {form.value}")


def _claim(comparison: Comparison) -> Claim:
    """A comparison with its values in the units of the attribute. Raises: ValueError for too many decimals."""
    value = comparison.value
    listed = value if isinstance(value, list) else [] if comparison.operator == "is_unknown" else [value]
    return Claim(comparison.operator, tuple(_counted(form_of(comparison.attribute), each) for each in listed))


def _counted(form: Form, value: Any) -> Value:
    if form is Form.DECIMAL:
        hundredths = Decimal(str(value)) * HUNDREDTHS
        if hundredths != int(hundredths):
            raise ValueError(f"{value} has more than two decimals")
        return int(hundredths)
    if form in (Form.DIGITS, Form.COUNTRY, Form.CATEGORY):
        return int(value)
    return value if isinstance(value, str) else int(value)


def _domain_of(attribute: str) -> Domain:
    """What an attribute can be. Of a meter: a number or a sum, never less than nothing and never unknown."""
    if attribute not in ATTRIBUTE_BY_CODE:
        return Domain(least=0, always_known=True)
    meaning = MEANINGS[ATTRIBUTE_BY_CODE[attribute]]
    factor = HUNDREDTHS if meaning.form is Form.DECIMAL else 1
    least, greatest = (None if bound is None else bound * factor for bound in (meaning.least, meaning.greatest))
    members = frozenset({0, 1}) if meaning.form is Form.BOOLEAN else _NAMES.get(meaning.form)
    return Domain(least, greatest, members, not meaning.unknown_when)


class AllOf(Part):
    """Holds where every one of its conditions does."""

    all: list["Condition"] = Field(min_length=1, description="Conditions.", examples=[[]])

    @model_validator(mode="after")
    def _can_hold(self, info: ValidationInfo) -> "AllOf":
        by_subject: dict[str, list[Comparison]] = {}
        for each in _joined(self) if is_new(info) else ():
            subject = f"{each.attribute}|{each.of}|{each.where.model_dump_json()}"
            by_subject.setdefault(subject, []).append(each)
        for together in by_subject.values():
            name = together[0].attribute
            if not can_hold(map(_claim, together), _domain_of(name)):
                raise ValueError(f"can never be true: its comparisons with {name} contradict each other")
        return self


def _joined(condition: AllOf) -> Iterator[Comparison]:
    """The comparisons of which every one must hold."""
    for part in condition.all:
        if isinstance(part, Comparison):
            yield part
        elif isinstance(part, AllOf):
            yield from _joined(part)


class AnyOf(Part):
    """Holds where at least one of its conditions does."""

    any: list["Condition"] = Field(min_length=1, description="Conditions.", examples=[[]])


class Not(Part):
    """Holds where its condition does not."""

    not_: "Condition" = Field(alias="not", description="A condition.", examples=[{}])


def _kind_of(node: Any) -> str:
    """Which condition this is: by its model, or by the one field that only it has."""
    for model, field, tag in ((AllOf, "all", "(all_of)"), (AnyOf, "any", "(any_of)"), (Not, "not", "(not_of)")):
        if isinstance(node, model) or (isinstance(node, dict) and field in node):
            return tag
    return "(comparison)"


Condition = Annotated[
    Annotated[AllOf, Tag("(all_of)")]
    | Annotated[AnyOf, Tag("(any_of)")]
    | Annotated[Not, Tag("(not_of)")]
    | Annotated[Comparison, Tag("(comparison)")],
    Discriminator(_kind_of),
]

for _model in (AllOf, AnyOf, Not):
    _model.model_rebuild()


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Every comparison in a condition, from left to right."""
    match condition:
        case Comparison():
            yield condition
        case AllOf():
            for part in condition.all:
                yield from comparisons(part)
        case AnyOf():
            for part in condition.any:
                yield from comparisons(part)
        case Not():
            yield from comparisons(condition.not_)
