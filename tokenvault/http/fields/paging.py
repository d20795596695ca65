"""Paged lists: newest first, with `limit`, `starting_after` and `has_more`."""

from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

Row = TypeVar("Row")
Entry = TypeVar("Entry")

Limit = Annotated[int, Query(ge=1, le=100, description="Maximum number of entries per page.", examples=[20])]
StartingAfter = Annotated[
    str | None,
    Query(description="Identifier of the last entry of the previous page.", examples=["tok_05F1V9D8S3KYA"]),
]


class Page(BaseModel, Generic[Entry]):
    """One page of a list."""

    model_config = ConfigDict(json_schema_extra={"description": "One page of a list, the newest first."})

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """The name of a page of such views in the OpenAPI document, as `TokenPage` for a page of `TokenView`."""
        (view,) = params
        return f"{view.__name__.removesuffix('View')}Page"

    data: list[Entry] = Field(description="The entries of this page.", examples=[[]])
    has_more: bool = Field(description="Whether there is a further page.", examples=[False])


def page(rows: list[Row], limit: int, shown: Callable[[Row], Entry]) -> Page[Entry]:
    """A page of at most limit entries, from one row more where there is another page."""
    return Page(data=[shown(row) for row in rows[:limit]], has_more=len(rows) > limit)
