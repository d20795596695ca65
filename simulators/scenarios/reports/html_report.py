"""Results as one self-contained HTML page: every step with decision, receipt and messages."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from simulators.scenarios.playing import ScenarioResult, StepResult
from simulators.terminals.message_log import Traced
from simulators.testkit.decision_table import check_lines

_STYLE = """
:root{color-scheme:light dark;--ink:#1d2330;--dim:#667085;--line:#e3e6ec;--back:#fff;--card:#fafbfc;--good:#0a7d4b;
--bad:#b42318;--skip:#8a6100}
@media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--dim:#98a2b3;--line:#2b3242;--back:#12161f;--card:#181d28;
--good:#4cc38a;--bad:#ff8a7a;--skip:#e0b34d}}
*{box-sizing:border-box}body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);margin:0 auto;
max-width:64rem;padding:2rem 1rem}h1{font-size:1.4rem;margin:0}h2{font-size:1.05rem;margin:0;display:inline}
p{margin:.3rem 0;color:var(--dim)}.bar{display:flex;height:8px;border-radius:4px;overflow:hidden;margin:1rem 0}
.bar i{display:block}.passed{color:var(--good)}.failed{color:var(--bad)}.skipped{color:var(--skip)}
i.passed{background:var(--good)}i.failed{background:var(--bad)}i.skipped{background:var(--skip)}
details.scenario{border:1px solid var(--line);border-radius:8px;margin:.6rem 0;background:var(--card)}
details.scenario>summary{padding:.6rem .9rem;cursor:pointer;list-style:none;display:flex;gap:.7rem;align-items:baseline}
summary .time{margin-left:auto;color:var(--dim);font-variant-numeric:tabular-nums;white-space:nowrap}
.body{padding:0 .9rem .9rem}table{border-collapse:collapse;width:100%;font-size:.9rem}
td,th{border-top:1px solid var(--line);padding:.35rem .5rem;text-align:left;vertical-align:top}
th{color:var(--dim);font-weight:500}code,pre{font:12.5px/1.45 ui-monospace,Menlo,Consolas,monospace}
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.3rem 0}.tag{font-size:.75rem;color:var(--dim);
border:1px solid var(--line);border-radius:999px;padding:0 .5rem;margin-right:.3rem}td.line{color:var(--dim)}
details details summary{color:var(--dim);cursor:pointer;font-size:.85rem}svg{max-width:100%;height:auto;margin:.4rem 0}
.problem{color:var(--bad)}.name{font-weight:600}
"""


def write_html(results: Sequence[ScenarioResult], path: Path) -> None:
    """Write the page to a file. Raises: OSError."""
    path.write_text(html_page(results), encoding="utf-8")


def html_page(results: Sequence[ScenarioResult]) -> str:
    """The page."""
    counts = {name: sum(_state(result) == name for result in results) for name in ("passed", "failed", "skipped")}
    told = ", ".join(f'<b class="{name}">{count} {name}</b>' for name, count in counts.items() if count)
    bar = "".join(f'<i class="{name}" style="flex:{count}"></i>' for name, count in counts.items() if count)
    seconds = sum(result.seconds for result in results)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Scenarios: {counts['passed']} of {len(results)} passed</title><style>{_STYLE}</style>"
        f"<h1>Scenarios</h1><p>{told} in {seconds:.1f} s</p>"
        f'<div class="bar">{bar}</div>{"".join(map(_scenario, results))}</html>'
    )


def _state(result: ScenarioResult) -> str:
    if result.skipped:
        return "skipped"
    return "passed" if result.passed else "failed"


def _scenario(result: ScenarioResult) -> str:
    head, state = result.scenario.head, _state(result)
    tags = "".join(f'<span class="tag">{escape(tag)}</span>' for tag in head.tags)
    said = f"<p>{escape(head.about)}</p>" if head.about else ""
    trouble = result.skipped or result.broken
    said += f'<p class="{state}">{escape(trouble)}</p>' if trouble else ""
    said += "".join(f"<p>{escape(sentence)}</p>" for sentence in result.left)
    rows = "".join(map(_step, result.steps))
    table = f"<table><tr><th>line<th>step<th>came out as<th></tr>{rows}</table>" if rows else ""
    return (
        f'<details class="scenario"{" open" if state == "failed" else ""}><summary>'
        f'<b class="{state}">{state}</b><h2>{escape(head.scenario)}</h2>'
        f'<span class="time">{result.seconds:.2f} s</span></summary>'
        f'<div class="body"><p>{tags}<code>{escape(result.scenario.source)}</code>, seed {head.seed}</p>'
        f"{said}{table}</div></details>"
    )


def _step(step: StepResult) -> str:
    outcome, planned = step.outcome, step.planned
    arguments = {name: getattr(planned.step, name) for name in sorted(planned.step.model_fields_set)}
    told = " ".join(f"{name}={value}" for name, value in arguments.items())
    said = f"<br><small>{escape(planned.comment)}</small>" if planned.comment else ""
    came_out = f'<span class="{"passed" if step.passed else "failed"}">{escape(outcome.reason)}</span>'
    if step.problem:
        came_out += f'<br><span class="problem">{escape(step.problem)}</span>'
    elif behind := "; ".join(filter(None, (outcome.declined_by, outcome.detail))):
        came_out += f"<br><small>{escape(behind)}</small>"
    return (
        f'<tr><td class="line">{planned.line}<td><span class="name">{escape(planned.step.verb)}</span> '
        f"<code>{escape(told)}</code>{said}<td>{came_out}<td>{_more(step)}</tr>"
    )


def _more(step: StepResult) -> str:
    """Checks, messages and receipt, folded away."""
    parts = []
    if step.outcome.decision is not None:
        checks = "\n".join(check_lines(step.outcome.decision))
        parts.append(f"<details><summary>checks</summary><pre>{escape(checks)}</pre></details>")
    if step.messages:
        traced = "\n\n".join(map(_message, step.messages))
        parts.append(f"<details><summary>messages</summary><pre>{escape(traced)}</pre></details>")
    if step.outcome.receipt is not None:
        parts.append(f"<details><summary>receipt</summary>{step.outcome.receipt.picture()}</details>")
    return "".join(parts)


def _message(traced: Traced) -> str:
    arrow = "to" if traced.direction == "sent" else "from"
    spec = traced.dialect.fields
    lines = [f"{traced.terminal} {arrow} the network: {traced.message.get(0, '????')}"]
    for number, value in traced.shown().items():
        if number != "0":
            lines.append(f"  {number:>3} {spec[int(number)].name}: {value}")
    return "\n".join(lines)
