"""Results as JUnit XML for build servers: a suite per file, a case per scenario."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from simulators.scenarios.playing import ScenarioResult
from simulators.testkit.decision_table import check_lines


def write_junit(results: Sequence[ScenarioResult], path: Path) -> None:
    """Write them to a file. Raises: OSError."""
    failures = sum(not result.passed and not result.broken for result in results)
    suite = ElementTree.Element(
        "testsuite",
        name="tapwright scenarios",
        tests=str(len(results)),
        failures=str(failures),
        errors=str(sum(bool(result.broken) for result in results)),
        skipped=str(sum(bool(result.skipped) for result in results)),
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    for result in results:
        head = result.scenario.head
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=Path(result.scenario.source).stem,
            name=head.scenario,
            file=result.scenario.source,
            time=f"{result.seconds:.3f}",
        )
        if result.skipped:
            ElementTree.SubElement(case, "skipped", message=result.skipped)
        elif result.broken:
            ElementTree.SubElement(case, "error", message=result.broken)
        elif result.failed_step is not None:
            step = result.failed_step
            failure = ElementTree.SubElement(case, "failure", message=step.problem)
            failure.text = "\n".join(failure_lines(result))
        if result.left:
            ElementTree.SubElement(case, "system-out").text = "\n".join(result.left)
    tree = ElementTree.ElementTree(suite)
    ElementTree.indent(tree)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def failure_lines(result: ScenarioResult) -> list[str]:
    """The details of a scenario that failed: where, what, the decision's checks, the messages."""
    step = result.failed_step
    if step is None:
        return [result.broken]
    lines = [f"{result.scenario.source}:{step.planned.line}: {step.planned.step.verb}: {step.problem}"]
    if step.outcome.decision is not None:
        lines += [f"  {line}" for line in check_lines(step.outcome.decision)]
    lines += [f"  {message.line()}" for message in step.messages]
    return lines
