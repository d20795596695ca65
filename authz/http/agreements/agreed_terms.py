"""What may be agreed with the holder of an account, by the program in force."""

from authz.engine import Engine
from authz.program.agreement_terms import ReliefInterest
from authz.program.segments import terms_in
from authz.program.terms import Terms
from tokenvault.vocabulary.errors import FieldError


def terms_in_force(engine: Engine, product: int, segment: int) -> Terms:
    """The terms of a product in a segment: the defaults where the program in force leaves the product out."""
    document = engine.document
    return terms_in(document.products, document.segments, product, segment)


def fee_agreed(terms: Terms, months: int) -> int:
    """The fee of a plan with so many instalments, parts per million a month. Raises: FieldError naming `months`."""
    offered = {offer.months: offer.ppm for offer in terms.plans}
    if not offered:
        raise FieldError("months", "the terms of the product offer no plans")
    if months not in offered:
        raise FieldError(
            "months", f"must be one of {', '.join(map(str, sorted(offered)))}, by the terms of the product"
        )
    return offered[months]


def is_waived_by(terms: Terms, months: int, interest: ReliefInterest | None) -> bool:
    """Whether nights in a relief of so many months bear no interest. interest: what was asked for, None for the usual.

    Raises: FieldError naming `months`, where the terms do not allow so many.
    """
    if months > terms.relief.months_max:
        none = terms.relief.months_max == 0
        raise FieldError(
            "months",
            "the terms of the product allow no relief"
            if none
            else f"must be at most {terms.relief.months_max}, by the terms of the product",
        )
    return (interest or terms.relief.interest) == "waived"
