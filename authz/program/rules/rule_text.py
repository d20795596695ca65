"""Conditions, attribute values and limits as text for people."""

from collections.abc import Mapping

from authz.program.categories import group_names, need_names, scene_names
from authz.program.conditions import AllOf, AnyOf, Comparison, Condition, Filter, Not, form_of
from authz.program.document import Limit, ProgramDocument
from authz.vocabulary.attributes import HUNDREDTHS, UNKNOWN, Form
from authz.vocabulary.commands import CardholderVerification, Channel, Operation
from authz.vocabulary.labels import currency_code
from tokenvault.reference_data.currencies import CURRENCIES, amount_text

_NAMES: Mapping[Form, type[Channel] | type[Operation] | type[CardholderVerification]] = {
    Form.CHANNEL: Channel,
    Form.OPERATION: Operation,
    Form.VERIFICATION: CardholderVerification,
}


def condition_text(condition: Condition) -> str:
    """A condition as one line."""
    match condition:
        case AllOf():
            return "(" + " and ".join(map(condition_text, condition.all)) + ")"
        case AnyOf():
            return "(" + " or ".join(map(condition_text, condition.any)) + ")"
        case Not():
            return f"not {condition_text(condition.not_)}"
        case Comparison():
            value = "" if condition.operator == "is_unknown" else f" {_shown(condition.value)}"
            return f"{attribute_text(condition)} {condition.operator}{value}"


def attribute_text(comparison: Comparison) -> str:
    """An attribute with what narrows it: ``count_24h of token where channels contactless``."""
    text = comparison.attribute
    if comparison.of != "account":
        text += f" of {comparison.of}"
    return text + (f" where {filter_text(comparison.where)}" if comparison.where != Filter() else "")


def filter_text(where: Filter) -> str:
    """A filter as one line, empty where it lets everything through."""
    given = where.model_dump(exclude_defaults=True)
    return ", ".join(f"{name} {' or '.join(map(str, values))}" for name, values in given.items())


def limit_text(limit: Limit) -> str:
    """What a limit is about: ``day of account, channels contactless``."""
    where = filter_text(limit.where)
    text = limit.window if limit.window == "transaction" else f"{limit.window} of {limit.scope}"
    return f"{text}, {where}" if where else text


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def value_text(attribute: str, value: int, currency: str, merchant: str, document: ProgramDocument) -> str:
    """An attribute's value in words. currency: the account's.  merchant: DE 42, kept as a number."""
    form = form_of(attribute)
    if value == UNKNOWN:
        return "unknown"
    match form:
        case Form.MERCHANT:
            return merchant
        case Form.MINOR_UNITS:
            return amount_text(value, currency) if currency in CURRENCIES else str(value)
        case Form.DECIMAL:
            return f"{value / HUNDREDTHS:.2f}"
        case Form.BOOLEAN:
            return "true" if value else "false"
        case Form.CURRENCY:
            return currency_code(value)
        case Form.COUNTRY:
            return f"{value:03d}"
        case Form.CATEGORY:
            return f"{value:04d}"
        case Form.GROUP:
            return group_names(document.categories)[value]
        case Form.SCENE:
            return scene_names(document.scenes)[value - 1]
        case Form.NEED:
            return need_names(document.scenes)[value - 1]
        case Form.CHANNEL | Form.OPERATION | Form.VERIFICATION:
            return _NAMES[form](value).name.lower()
        case _:
            return str(value)
