"""``tapwright scenario``: runs, checks and lists scenarios, and prints the format as JSON Schema."""

import json
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from simulators.process.did_you_mean import did_you_mean
from simulators.process.start_error import StartError
from simulators.scenarios.document import all_steps, read_scenario
from simulators.scenarios.playing import ScenarioResult, play
from simulators.scenarios.reports.html_report import write_html
from simulators.scenarios.reports.junit import failure_lines, write_junit
from simulators.scenarios.scenario import Head, Scenario, ScenarioError
from simulators.scenarios.servers import Servers
from simulators.scenarios.steps.verbs import VERBS


def shipped_scenarios() -> list[Path]:
    """The scenarios that come with Tapwright."""
    return sorted(Path(str(entry)) for entry in files("simulators.scenarios").joinpath("shipped").iterdir())


def read_all(paths: Sequence[Path], tags: Sequence[str] = (), seed: int | None = None) -> list[Scenario]:
    """Read files, and all files of folders; keep those with one of the tags, if any are given.

    seed: in place of each scenario's own. Raises: ScenarioError with everything that is wrong in any of them.
    """
    scenarios, problems = [], []
    for path in paths:
        if not path.exists():
            shipped = "`tapwright scenario list` shows the included ones"
            problems.append(f"tapwright: there is no scenario file {path}; {shipped}")
            continue
        files_there = sorted(path.rglob("*.y*ml")) if path.is_dir() else [path]
        if not files_there:
            problems.append(f"{path}: there is not a scenario in this folder, whose name would end with .yaml or .yml")
        for file in files_there:
            try:
                scenarios.append(read_scenario(file))
            except ScenarioError as error:
                problems += error.problems
    if problems:
        raise ScenarioError(problems)
    chosen = [each for each in scenarios if not tags or set(tags) & set(each.head.tags)]
    if not chosen:
        there = {tag for each in scenarios for tag in each.head.tags}
        mean = did_you_mean(tags[0], there)
        raise ScenarioError([f"tapwright: no scenario has the tag {' or '.join(tags)}{mean}"])
    if seed is None:
        return chosen
    return [Scenario(each.source, each.head.model_copy(update={"seed": seed}), each.steps) for each in chosen]


def run_all(scenarios: Sequence[Scenario], servers: Servers, console: Console) -> list[ScenarioResult]:
    """Play them one after the other, and show how far it is. Raises: StartError; KeyboardInterrupt with the count."""
    results = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=len(scenarios))
        try:
            for scenario in scenarios:
                progress.update(task, description=scenario.head.scenario[:50])
                with servers(scenario) as server:
                    results.append(play(scenario, server))
                progress.advance(task)
        except KeyboardInterrupt:
            passed = sum(result.passed for result in results)
            done = f"{len(results)} of {len(scenarios)} scenarios were played, {passed} passed; no report was written"
            raise KeyboardInterrupt(done) from None
    return results


def show_results(results: Sequence[ScenarioResult], console: Console) -> None:
    """A table of all, then what is to be known of those that failed."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading, justify in (("", "left"), ("scenario", "left"), ("steps", "right"), ("seconds", "right")):
        table.add_column(heading, justify="right" if justify == "right" else "left")
    for result in results:
        state = "[yellow]skipped" if result.skipped else "[green]passed" if result.passed else "[red]FAILED"
        table.add_row(state, result.scenario.head.scenario, str(len(result.steps)), f"{result.seconds:.2f}")
    console.print(table)
    for result in results:
        if not result.passed:
            console.print()
            for line in failure_lines(result):
                console.print(line, highlight=False, markup=False, soft_wrap=True)
    for result in results:
        for sentence in result.left:
            console.print(f"{result.scenario.source}: {sentence}", highlight=False, markup=False, soft_wrap=True)
    passed = sum(result.passed and not result.skipped for result in results)
    console.print(f"\n{passed} of {len(results)} passed", highlight=False)


def run_scenarios(
    paths: Sequence[Path],
    servers: Servers,
    tags: Sequence[str],
    seed: int | None,
    junit: Path | None,
    html: Path | None,
) -> int:
    """Run files and report; returns the exit code: 0 all passed, 1 some did not, 2 a file is not a scenario."""
    console = Console()
    try:
        scenarios = read_all(paths, tags, seed)
        results = run_all(scenarios, servers, console)
        if junit is not None:
            write_junit(results, junit)
        if html is not None:
            write_html(results, html)
    except ScenarioError as error:
        return _refused(error)
    except (StartError, OSError) as error:
        sys.stderr.write(f"tapwright: {error}\n")
        return 1
    show_results(results, console)
    return 0 if all(result.passed for result in results) else 1


def check_scenarios(paths: Sequence[Path]) -> int:
    """Read files without playing them; returns the exit code: 0 all are scenarios, 2 some are not."""
    try:
        scenarios = read_all(paths)
    except ScenarioError as error:
        return _refused(error)
    for scenario in scenarios:
        steps = sum(1 for _ in all_steps(scenario.steps))
        sys.stdout.write(f"{scenario.source}: {scenario.head.scenario} ({steps} steps)\n")
    return 0


def _refused(error: ScenarioError) -> int:
    sys.stderr.write("".join(f"{problem}\n" for problem in error.problems))
    return 2


def list_scenarios() -> int:
    """Print the scenarios that come along."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("file", "scenario", "tags"):
        table.add_column(heading)
    for path in shipped_scenarios():
        head = read_scenario(path).head
        table.add_row(path.name, head.scenario, ", ".join(head.tags))
    Console().print(table)
    return 0


def scenario_schema() -> dict[str, Any]:
    """The format as JSON Schema: the head, and each verb with what it takes."""
    schema = Head.model_json_schema()
    schema["x-verbs"] = {verb: kind.model_json_schema() for verb, kind in sorted(VERBS.items())}
    return schema


def print_schema() -> int:
    """Print the format as JSON Schema."""
    sys.stdout.write(json.dumps(scenario_schema(), indent=2) + "\n")
    return 0
