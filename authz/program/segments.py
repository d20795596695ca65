"""Segments of customers: numbers and names of their own, and the terms that lie over those of a product."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, create_model, field_validator
from pydantic.fields import FieldInfo

from authz.program.conditions import Comparison, Condition, comparisons, meter_of
from authz.program.parts import Identifier, Part
from authz.program.terms import DAYS_TO_PAY_MAX, Product, Terms, terms_row
from authz.vocabulary.attributes import OF_ACCOUNTS
from authz.vocabulary.cases import Queue
from authz.vocabulary.layouts import ANY_SEGMENT, SEGMENTS

SEGMENT_NUMBERS = range(1, 29)
"""The numbers that a program's segments can have. Every account that is in none of them is in segment 0."""

PORTAL_MAX = 32

Desk = Literal["one_to_one", "one_to_many", "mass", "circle"]


def _left_out(field: FieldInfo) -> Any:
    """A field of the terms that may be left out: what the product says holds then."""
    kind: Any = field.annotation
    for bound in field.metadata:
        kind = Annotated[kind, bound]
    return kind | None, Field(default=None, description=field.description, examples=field.examples)


if TYPE_CHECKING:

    class SegmentTerms(Part):
        """Terms of which any may be left out."""
else:
    SegmentTerms = create_model(
        "SegmentTerms",
        __base__=Part,
        __doc__="Terms that lie over those of a product: what is left out is as the product says.",
        **{name: _left_out(field) for name, field in Terms.model_fields.items()},
    )


class Segment(Part):
    """A segment of customers."""

    number: int = Field(
        ge=SEGMENT_NUMBERS.start,
        lt=SEGMENT_NUMBERS.stop,
        description="Its number, which accounts, limits and rules refer to.",
        examples=[1],
    )
    id: Identifier
    when: Condition | None = Field(
        default=None,
        description="Which accounts belong to it: a condition of what is known of an account by itself, asked when "
        "its statement is cut. Null where accounts come into it by being pinned only.",
        examples=[{"attribute": "amount_year", "operator": ">=", "value": 5_000_000}],
    )
    terms: SegmentTerms = Field(
        default=SegmentTerms(),
        description="What is different in this segment: terms as those of a product, each of which may be left out.",
        examples=[{"grace_days": 25}],
    )
    desk: Desk = Field(
        default="mass",
        description="Who serves its customers: `one_to_one`, `one_to_many`, `circle` or `mass`.",
        examples=["one_to_one"],
    )
    portal: list[Identifier] = Field(
        default=[],
        max_length=PORTAL_MAX,
        description="The sections that a phone shows first of an account, in this order; what is not named follows in "
        "the usual order.",
        examples=[["bill", "credit", "plans"]],
    )

    @field_validator("when")
    @classmethod
    def _asks_of_the_account_alone(cls, when: Condition | None) -> Condition | None:
        for comparison in [] if when is None else comparisons(when):
            _check_asks_of_the_account(comparison)
        return when

    @field_validator("portal")
    @classmethod
    def _names_each_section_once(cls, sections: list[str]) -> list[str]:
        if twice := [section for section in sections if sections.count(section) > 1]:
            raise ValueError(f"contains {twice[0]!r} twice")
        return sections


def _check_asks_of_the_account(comparison: Comparison) -> None:
    """Check that a comparison follows from an account and its transactions. Raises: ValueError."""
    name = comparison.attribute
    if meter_of(name) is None:
        known = [attribute.code for attribute in OF_ACCOUNTS]
        if name not in known:
            asked = ", ".join(known)
            raise ValueError(f"{name} is not one of {asked}, and no count_, amount_ or declines_ of the account")
    elif comparison.of != "account":
        raise ValueError(f"{name} must be of the account, not of {comparison.of}")
    elif comparison.where.segments:
        raise ValueError(f"{name}: where must not name segments, since the segment follows from it")


def classifies(segments: list[Segment]) -> bool:
    """Whether accounts are put into some of these by themselves."""
    return any(segment.when is not None for segment in segments)


def laid_over(terms: Terms, segment: Segment | None) -> Terms:
    """The terms of a product in a segment; None for a segment that the program does not have."""
    if segment is None:
        return terms
    differing = {name: getattr(segment.terms, name) for name in Terms.model_fields}
    return terms.model_copy(update={name: value for name, value in differing.items() if value is not None})


def terms_in(products: list[Product], segments: list[Segment], product: int, segment: int) -> Terms:
    """The terms of an account with a product in a segment; the defaults lie under a product that there is not."""
    own = next((each.terms for each in products if each.number == product), Terms())
    return laid_over(own, next((each for each in segments if each.number == segment), None))


def check_terms(products: list[Product], segments: list[Segment]) -> None:
    """Check that each segment's terms fit over those of each product. Raises: ValueError."""
    for segment in segments:
        for product in products:
            terms, where = laid_over(product.terms, segment), f"{segment.id} with the product {product.id}"
            if terms.grace_days + terms.courtesy_days > DAYS_TO_PAY_MAX:
                raise ValueError(f"{where}: grace_days + courtesy_days must be at most {DAYS_TO_PAY_MAX}")


def terms_rows(products: list[Product], segments: list[Segment]) -> Iterator[tuple[int, ...]]:
    """Rows of `TERMS` in order of products: for all segments, and then for each that has terms of its own."""
    differing = [segment for segment in segments if segment.terms != SegmentTerms()]
    for product in sorted(products, key=lambda product: product.number):
        yield terms_row(product.terms, product.number, ANY_SEGMENT)
        for segment in sorted(differing, key=lambda segment: segment.number):
            yield terms_row(laid_over(product.terms, segment), product.number, segment.number)


def desk_queues(segments: list[Segment]) -> npt.NDArray[np.uint8]:
    """The `Queue` of each segment's desk: uint8[SEGMENTS]. Who is in no segment of the program has that of the mass."""
    queues = np.full(len(SEGMENTS), Queue.MASS, np.uint8)
    for segment in segments:
        queues[segment.number] = Queue[segment.desk.upper()]
    return queues
