"""Merchant categories in a program: groups that are treated alike, and the scenes in which customers spend."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from authz.program.parts import Identifier, Part
from authz.program.tables import CATEGORY
from authz.vocabulary.commands import Records
from authz.vocabulary.layouts import CATEGORIES

HOLD_HOURS = 168
"""The hours for which an approved amount is held if the merchant category has no time of its own."""

SCENES_MAX = 255
NEEDS_MAX = 64
_RANGES_MAX = 256

CategoryCode = Annotated[
    str, Field(pattern=r"^[0-9]{4}$", description="Merchant category, ISO 18245.", examples=["5411"])
]
GroupName = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,31}$", description="Group name.", examples=["grocery"])]


class CategoryRange(Part):
    """Merchant categories that are treated alike. Later ranges override earlier ones."""

    first: CategoryCode
    last: CategoryCode
    group: GroupName
    hold_hours: int = Field(
        default=HOLD_HOURS, ge=1, le=744, description="How long an approved amount is held, hours.", examples=[168]
    )
    tolerance_percent: Decimal = Field(
        default=Decimal(0),
        ge=0,
        le=100,
        decimal_places=1,
        description="How much more than was authorized a completion request may ask for, percent.",
        examples=["20"],
    )

    @model_validator(mode="after")
    def _in_order(self) -> "CategoryRange":
        if self.first > self.last:
            raise ValueError("first must not be greater than last")
        return self


class Scene(Part):
    """Where customers spend, such as restaurants: some merchant categories, and the need that is served there."""

    scene: Identifier
    need: Identifier
    categories: list[tuple[CategoryCode, CategoryCode]] = Field(
        min_length=1,
        max_length=_RANGES_MAX,
        description="Ranges of merchant categories, by first and last. A category is in at most one scene.",
        examples=[[["5812", "5812"]]],
    )

    @model_validator(mode="after")
    def _in_order(self) -> "Scene":
        for first, last in self.categories:
            if first > last:
                raise ValueError(f"the range {first} to {last} must have its first category first")
        return self

    def codes(self) -> Iterable[int]:
        """The numbers of all its categories."""
        for first, last in self.categories:
            yield from range(int(first), int(last) + 1)


def check_scenes(scenes: Sequence[Scene]) -> None:
    """Whether scenes have names of their own, share no category and serve at most 64 needs. Raises: ValueError."""
    names = [each.scene for each in scenes]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{twice[0]} occurs twice")
    if len(need_names(scenes)) > NEEDS_MAX:
        raise ValueError(f"scenes must serve at most {NEEDS_MAX} needs")
    scene_of: dict[int, str] = {}
    for each in scenes:
        for code in each.codes():
            other = scene_of.get(code)
            if other == each.scene:
                raise ValueError(f"{other} has the category {code:04d} twice")
            if other is not None:
                raise ValueError(f"{other} and {each.scene} both have the category {code:04d}")
            scene_of[code] = each.scene


def scene_names(scenes: Iterable[Scene]) -> list[str]:
    """The scenes by name, in the order of the document."""
    return [each.scene for each in scenes]


def need_names(scenes: Iterable[Scene]) -> list[str]:
    """The needs that scenes serve, each once, in the order of the document."""
    return list(dict.fromkeys(each.need for each in scenes))


def group_names(ranges: Iterable[CategoryRange]) -> list[str]:
    """The category groups; a group's number is its place in this list, 0 is no group."""
    return ["", *dict.fromkeys(entry.group for entry in ranges)]


def category_rows(ranges: Sequence[CategoryRange], scenes: Sequence[Scene]) -> Records:
    """How each merchant category is treated, and where it belongs. Returns: CATEGORY[10000]."""
    rows = np.zeros(len(CATEGORIES), CATEGORY)
    rows["hold_hours"] = HOLD_HOURS
    groups, needs = group_names(ranges), need_names(scenes)
    for entry in ranges:
        entered = rows[int(entry.first) : int(entry.last) + 1]
        entered["hold_hours"] = entry.hold_hours
        entered["tolerance_permille"] = int(entry.tolerance_percent * 10)
        entered["group"] = groups.index(entry.group)
    for number, scene in enumerate(scenes, 1):
        for first, last in scene.categories:
            entered = rows[int(first) : int(last) + 1]
            entered["scene"], entered["need"] = number, 1 + needs.index(scene.need)
    return rows
