"""Writes the parts of these documents that the code knows best: what stands between ``generated`` and ``end``.

    python -m docs.generated

A test runs `current` on every document and fails where a part is out of date.
"""

import argparse
import os
import re
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from authz.commands import Channel
from authz.iso8583.chip_data import CHIP_TAG_BYTES
from authz.iso8583.reading import channel_of
from authz.kernel import checks, forcing, stand_in
from authz.kernel.checks import Check
from authz.reasons import ANSWERS, Reason
from simulators.cli import argument_parser
from simulators.settings import Settings
from tokenvault.emv.data_elements import DATA_ELEMENTS
from tokenvault.lifecycle import TRANSITIONS

DOCUMENTS = Path(__file__).parent
_BLOCK = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [headings, ("---",) * len(headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _channels() -> str:
    entries: dict[Channel, list[str]] = {}
    for entry in range(100):
        entries.setdefault(Channel(channel_of(entry * 10)), []).append(f"`{entry:02d}`")
    rows = [(", ".join(entries[channel]), f"`{channel.name.lower()}`") for channel in Channel if channel in entries]
    others = (f"all others ({len(entries[Channel.UNKNOWN])})", "`unknown`: in no token's domain")
    return _table(("DE 22, digits 1-2", "channel"), [*rows[1:], others])


def _chip_tags() -> str:
    rows = []
    for tag, length in CHIP_TAG_BYTES.items():
        element = DATA_ELEMENTS[tag]
        rows.append((f"`{tag}`", element.name, f"{element.format}, {length} bytes", element.source))
    return _table(("tag", "name", "form", "from"), rows)


def _checks() -> str:
    rows = []
    for check in Check:
        name = f"check_{check.name.lower()}"
        function = next(getattr(module, name) for module in (checks, forcing, stand_in) if hasattr(module, name))
        sentence = (function.__doc__ or "").partition("\n")[0]
        rows.append((f"`{check.name.lower()}`", sentence))
    return _table(("check", "what must hold"), rows)


def _reasons() -> str:
    rows = [
        (f"`{ANSWERS[reason].response_code}`", f"`{reason.code}`", ANSWERS[reason].sentence, ANSWERS[reason].advice)
        for reason in Reason
    ]
    return _table(("DE 39", "reason", "meaning", "what to do"), rows)


def _token_states() -> str:
    lines = [f"    {state} --> {target}: {change}" for (state, change), target in TRANSITIONS.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> requested", *lines, "```"]) + "\n"


def _settings() -> str:
    rows = []
    for name, field in Settings.model_fields.items():
        is_key = name.startswith(("api_key", "emv_master_key"))
        default = "see [test values](test-values.md)" if is_key else f"`{field.get_default(call_default_factory=True)}`"
        rows.append((f"`{name}`", f"`TAPWRIGHT_{name.upper()}`", field.description or "", default))
    return _table(("in `tapwright.toml`", "in the environment", "what", "default"), rows)


def _command_line() -> str:
    parser = argument_parser()
    verbs = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    with mock.patch.dict(os.environ, COLUMNS="100"):
        helps = [(verb.prog, verb.format_help()) for verb in (parser, *verbs.choices.values())]
    return "\n".join(f"```\n$ {program} --help\n{text}```\n" for program, text in helps)


BLOCKS: dict[str, Callable[[], str]] = {
    "channels": _channels,
    "chip-tags": _chip_tags,
    "checks": _checks,
    "command-line": _command_line,
    "reasons": _reasons,
    "settings": _settings,
    "token-states": _token_states,
}


def current(text: str) -> str:
    """A document with every generated part as the code has it now."""
    return _BLOCK.sub(lambda block: block[1] + BLOCKS[block[2]]() + block[3], text)


def main() -> None:
    """Rewrite every document that is out of date."""
    for path in sorted(DOCUMENTS.glob("*.md")):
        text = path.read_text()
        if (rewritten := current(text)) != text:
            path.write_text(rewritten)


if __name__ == "__main__":
    main()
