"""Query parameters: unknown ones are refused, as are unknown fields of a body."""

from collections import Counter
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from tokenvault.vocabulary.errors import FieldError


def refuse_unknown_parameters(request: Request) -> None:
    """Hold the names in the query against those that the call's route declares.

    Raises: FieldError for a name that it does not know, for one that comes twice and is not a list, and for NUL.
    """
    told = request.query_params.multi_items()
    sent = Counter(name for name, _ in told)
    if not sent:
        return
    known = _parameters(request.scope["route"].dependant)
    for name, count in sent.items():
        if name not in known:
            raise FieldError(name, "is not a parameter of this call")
        if count > 1 and not known[name]:
            raise FieldError(name, "is given more than once")
    for name, value in told:
        if "\0" in value:
            raise FieldError(name, "must not contain NUL")


def _parameters(dependant: Dependant) -> dict[str, bool]:
    """The query parameters of a route and of everything that it depends on, and whether each may come repeatedly."""
    found: dict[str, bool] = {}
    for field in dependant.query_params:
        annotation: Any = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found |= {told.alias or name: _is_list(told.annotation) for name, told in annotation.model_fields.items()}
        else:
            found[field.alias] = _is_list(annotation)
    for part in dependant.dependencies:
        found |= _parameters(part)
    return found


def _is_list(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", annotation) in (list, set, tuple)
