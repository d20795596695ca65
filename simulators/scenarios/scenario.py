"""A parsed scenario, and the text that it is read from."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from simulators.scenarios.expectations import Expectation
from simulators.scenarios.staging.cast import Cast, Part
from simulators.scenarios.steps.step import Step

BYTES_MAX = 1 << 20
"""Of a file; a month of steps is a hundredth of it."""


class ScenarioError(Exception):
    """A file that is not a scenario. problems: "file:line: key: what", in order."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Head(Part):
    """A scenario but for its steps."""

    scenario: str = Field(min_length=1, description="What it is about, in one line.")
    about: str = Field(default="", description="Why somebody should care.")
    tags: list[str] = Field(default=[], description="To choose scenarios by.")
    seed: int = Field(default=1, description="Of everything random; another seed plays it differently.")
    cast: Cast = Field(default=Cast(), description="Who and what takes part.")


@dataclass(frozen=True)
class PlannedStep:
    """One step. name: of its receipt, for later steps.  comment: for readers of the report."""

    line: int
    step: Step
    expect: Expectation
    name: str | None = None
    comment: str = ""


@dataclass(frozen=True)
class Repeated:
    """Steps that are played so many times."""

    line: int
    times: int
    steps: tuple["Planned", ...]


@dataclass(frozen=True)
class OneOf:
    """Blocks of steps of which one is played, at random."""

    line: int
    blocks: tuple[tuple["Planned", ...], ...]


Planned = PlannedStep | Repeated | OneOf


@dataclass(frozen=True)
class Scenario:
    """One scenario. source: where it was read from."""

    source: str
    head: Head
    steps: tuple[Planned, ...]


def scenario_text(path: Path) -> str:
    """The text of a file. Raises: ScenarioError where it cannot be read, or is not text."""
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise ScenarioError([f"{path}: {(error.strerror or str(error)).lower()}"]) from None
    if len(content) > BYTES_MAX:
        raise ScenarioError([f"{path}: is longer than {BYTES_MAX >> 20} MiB, which no scenario is"])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ScenarioError([f"{path}:{line}: is not text in UTF-8"]) from None
