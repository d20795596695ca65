"""Writes the parts of these documents that the code knows best: what stands between ``generated`` and ``end``.

    python -m docs.generated

A test runs `current` on every document and fails where a part is out of date.
"""

import argparse
import ast
import difflib
import json
import os
import re
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from unittest import mock

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from authz.iso8583.chip.chip_data import CHIP_TAG_BYTES
from authz.iso8583.dialects.fields import BUILT_IN, built_in
from authz.iso8583.dialects.jpos_classes import CONTENTS, REFUSED, field_classes
from authz.iso8583.dialects.text_encodings import CODE_PAGE_1047
from authz.iso8583.format_errors import KIND, KINDS
from authz.iso8583.messages.reading import channel_of
from authz.kernel.checks.forcing import TEST_AMOUNT_BASE
from authz.kernel.checks.order import ASKERS, ORDER, Asker, Function, Row, always
from authz.program.periods import PERIODS, Period
from authz.program.terms import Terms
from authz.vocabulary.attributes import MEANINGS, Attribute
from authz.vocabulary.commands import HEAD, Channel
from authz.vocabulary.exception_reasons import SENTENCES
from authz.vocabulary.follow_ups import BOUNDS, FIELD_NAMES, REFUSED_FOR, RULES, FollowUp, Rule, SharedField
from authz.vocabulary.follow_ups import MEANINGS as FOLLOW_UP_MEANINGS
from authz.vocabulary.layouts import LAYOUT_OF
from authz.vocabulary.posting_kinds import PostingKind, Sign
from authz.vocabulary.reasons import ANSWERS, DECLINES, Reason
from authz.vocabulary.record_fields import Field
from simulators.attackers.catalogue import ATTACKS
from simulators.cli.command_line import argument_parser
from simulators.sandbox.settings.settings import Settings
from simulators.scenarios.staging.cast import AccountPart, CardPart, PhonePart, TerminalPart
from simulators.scenarios.staging.expected import PaymentValues
from simulators.scenarios.steps.verbs import VERBS
from simulators.terminals.kinds.catalogue import TERMINAL_KINDS
from simulators.terminals.terminal import Terminal
from simulators.triggers.table import described
from tests.newcomer.recipe import CopiedFile, Line, NewFile
from tests.newcomer.recipes import RECIPES
from tokenvault.emv.diagnosis.published_vectors import PublishedVector, published_vectors
from tokenvault.emv.diagnosis.variants import Mistake
from tokenvault.emv.encodings.data_elements import DATA_ELEMENTS
from tokenvault.provisioning.decision import FORCED_OUTCOMES, OUTCOMES, ProvisioningPolicy, WalletReason
from tokenvault.tokens.lifecycle import REASONS, TRANSITIONS, Change, Initiator
from tokenvault.vocabulary.event_types import EventType

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
    for row in ORDER:
        sentence = (row.check.__doc__ or "").partition("\n")[0]
        rows.append((f"`{row.name}`", sentence, _askers(row), _what_it_uses_up(row)))
    return _table(("check", "what must hold", "asked by", "uses up"), rows)


def _who_asks() -> str:
    return _table(("asked by", "for"), [(f"**{name}**", said) for name, said in ASKERS.values()])


def _askers(row: Row) -> str:
    """Who asks a check, those with the same condition together."""
    if len(row.asked_by) == len(Asker):
        return "all"
    conditions: dict[Function, list[str]] = {}
    for asker, condition in row.asked_by.items():
        conditions.setdefault(condition, []).append(ASKERS[asker][0])
    return "; ".join(", ".join(askers) + _when(condition) for condition, askers in conditions.items())


def _when(condition: Function) -> str:
    """A condition, from its sentence: it says whether something is so."""
    if condition is always:
        return ""
    sentence = (condition.__doc__ or "").removeprefix("Whether ")
    return f" (if {re.split('[:.]', sentence)[0]})"


def _what_it_uses_up(row: Row) -> str:
    used = [(row.when_passed, ""), (row.when_declined, " (when it declines)")]
    return ", ".join(
        use.__name__.removeprefix("use_").replace("_", " ") + when for use, when in used if use is not None
    )


def _follow_ups() -> str:
    rows = []
    for follow_up in FollowUp:
        cells = [
            f"at most {BOUNDS[follow_up, field]}" if rule is Rule.BOUNDED else rule.name.lower()
            for field, rule in zip(SharedField, RULES[follow_up], strict=True)
        ]
        rows.append((FOLLOW_UP_MEANINGS[follow_up], *cells))
    return _table(("message", *(FIELD_NAMES[field] for field in SharedField)), rows)


def _follow_up_reasons() -> str:
    rows = [
        (FIELD_NAMES[field], f"`{REFUSED_FOR[field].code}`", f"`{ANSWERS[REFUSED_FOR[field]].response_code}`")
        for field in SharedField
    ]
    return _table(("field that breaks its rule", "reason", "DE 39"), rows)


def _command_layouts() -> str:
    rows = [("every command", *_of_field(field)) for field in HEAD]
    for layout in {layout.name: layout for layout in LAYOUT_OF.values()}.values():
        rows += [(layout.name, *_of_field(field)) for field in layout.fields]
    return _table(("layout", "field", "offset", "NumPy type", "meaning"), rows)


def _of_field(field: Field) -> tuple[str, ...]:
    return f"`{field.name}`", str(field.offset), f"`{field.form}`", field.meaning


def _posting_kinds() -> str:
    signs = {Sign.CHARGES: "is charged", Sign.GIVES_BACK: "is given back", Sign.EITHER: "either"}
    rows = [(f"`{kind.code}`", signs[kind.sign], kind.description) for kind in PostingKind]
    return _table(("kind", "the account", "meaning"), rows)


def _exceptions() -> str:
    return _table(("exception", "meaning"), [(f"`{reason.code}`", said) for reason, said in SENTENCES.items()])


def _reasons() -> str:
    rows = [
        (f"`{ANSWERS[reason].response_code}`", f"`{reason.code}`", ANSWERS[reason].sentence, ANSWERS[reason].advice)
        for reason in Reason
    ]
    return _table(("DE 39", "reason", "meaning", "what to do"), rows)


def _format_errors() -> str:
    rows = [(f"`{kind.code}`", f"`{number // KIND:03d}`", kind.cause) for number, kind in KINDS.items()]
    return _table(("code in DE 44", "number", "error"), rows)


def _token_states() -> str:
    lines = [f"    {state} --> {target}: {change}" for (state, change), target in TRANSITIONS.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> requested", *lines, "```"]) + "\n"


def _periods() -> str:
    rows = [("a length", Period.TRAILING.text)]
    for name, period in PERIODS.items():
        scope = f"; only with scope `{period.scope.name.lower()}`" if period.scope else ""
        rows.append((f"`{name}`", f"{period.text}{scope}"))
    return _table(("window", "transactions"), rows)


def _product_terms() -> str:
    rows = [(f"`{name}`", _written(field.default), field.description or "") for name, field in _fields_of(Terms)]
    return _table(("field", "default", "meaning"), rows)


def _fields_of(part: type[BaseModel], within: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """The fields of a part and of the parts in it, with their paths."""
    for name, field in part.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from _fields_of(type(field.default), f"{within}{name}.")
        else:
            yield f"{within}{name}", field


def _written(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_written, value))
    if isinstance(value, BaseModel):
        return f"`{json.dumps(value.model_dump())}`"
    return "`null`" if value is None else f"`{value}`"


def _dialects() -> str:
    return _table(("dialect", "description"), [(f"`{name}`", built_in(name).about) for name in BUILT_IN])


_LENGTH_WORDS = {"ascii": "ASCII", CODE_PAGE_1047: "EBCDIC", "bcd": "packed", "b": "binary"}


def _jpos_classes() -> str:
    """By content and length in front, since many classes differ in their digits only."""
    rows = []
    for content, words in CONTENTS.items():
        classes = [
            f"`{name}`"
            + (f" ({found.length_bytes} {_LENGTH_WORDS[found.length_encoding]})" if found.length_bytes else "")
            for name, found in field_classes().items()
            if found.content == content
        ]
        rows.append((words, ", ".join(classes)))
    return _table(("content", "classes (bytes and encoding of the length prefix)"), rows)


def _jpos_classes_refused() -> str:
    by_reason: dict[str, list[str]] = {}
    for name, reason in REFUSED.items():
        by_reason.setdefault(reason, []).append(f"`{name}`")
    return _table(
        ("reason: the class ...", "classes"), [(reason, ", ".join(names)) for reason, names in by_reason.items()]
    )


def _scenario_steps() -> str:
    rows = []
    for verb, kind in VERBS.items():
        takes = ", ".join(
            f"`{name}`" + ("" if field.is_required() else "?") for name, field in sorted(kind.model_fields.items())
        )
        told = ", ".join(f"`{name}`" for name in sorted(kind.values.model_fields.keys() - PaymentValues.model_fields))
        takes = "parts of the document" if kind.is_document else takes or "none"
        rows.append((f"`{verb}`", _first_line(kind), takes, "payment values" if kind.is_payment else told or "none"))
    return _table(("step", "meaning", "keys (? = optional)", "values"), rows)


def _scenario_cast() -> str:
    rows = []
    for group, part in (
        ("accounts", AccountPart),
        ("cards", CardPart),
        ("phones", PhonePart),
        ("terminals", TerminalPart),
    ):
        for name, field in part.model_fields.items():
            rows.append((f"`{group}`", f"`{name}`", (field.description or "").rstrip(".")))
    return _table(("part", "key", "meaning"), rows)


def _terminal_kinds() -> str:
    rows = []
    for name, kind in TERMINAL_KINDS.items():
        own = [member for member in vars(kind) if not member.startswith("_") and callable(getattr(kind, member))]
        wanted = own if kind is not Terminal else ["pay", "buy", "reverse", "increase", "complete", "refund", "echo"]
        rows.append(
            (f"`{name}`", f"`{kind.__name__}`", _first_line(kind), ", ".join(f"`{member}`" for member in wanted))
        )
    return _table(("kind", "class", "description", "methods"), rows)


def _attacks() -> str:
    rows = []
    for name, kind in ATTACKS.items():
        refusals = ", ".join(f"`{reason}`" for reason in sorted(kind.refusals))
        rows.append((f"`{name}`", _first_line(kind), refusals))
    return _table(("attack", "description", "expected reasons of refusal"), rows)


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").partition("\n")[0]


def _default(field: FieldInfo) -> object:
    """A setting's default; members of a list as they are written in a file."""
    default = field.get_default(call_default_factory=True)
    return [str(each) for each in default] if isinstance(default, list) else default


def _settings() -> str:
    rows = []
    for name, field in Settings.model_fields.items():
        is_key = name.startswith(("api_keys", "emv_master_key"))
        default = "see [test values](test-values.md)" if is_key else f"`{_default(field)}`"
        rows.append((f"`{name}`", f"`TAPWRIGHT_{name.upper()}`", field.description or "", default))
    return _table(("in `tapwright.toml`", "environment variable", "meaning", "default"), rows)


def _command_line() -> str:
    parser = argument_parser()
    verbs = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    with mock.patch.dict(os.environ, COLUMNS="100"):
        helps = [(verb.prog, verb.format_help()) for verb in (parser, *verbs.choices.values())]
    return "\n".join(f"```\n$ {program} --help\n{text}```\n" for program, text in helps)


_POSTINGS, _STAND_IN = "tests/authz/kernel/accounts/test_postings.py", "tests/authz/kernel/test_stand_in.py"
_MONEY = "tests/authz/kernel/accounts/test_money.py::TestMoneyAgreesWithLedger"
_MESSAGES = (
    ("0100, 0101", "`00`, `10`, `85` or a decline", _MONEY),
    ("0100, amount 0 (verification)", "`85`", f"{_POSTINGS}::test_a_balance_and_a_verification_hold_nothing"),
    ("0100, balance inquiry", "`00`, `13`", f"{_POSTINGS}::test_a_balance_and_a_verification_hold_nothing"),
    ("0100, purchase with cash-back", "`00`, `13`, `70`", f"{_POSTINGS}::test_cash_back_is_part_of_the_amount"),
    ("0100, partial approval", "`10`", f"{_POSTINGS}::test_a_part_is_approved_in_the_terminals_currency"),
    ("0100 in another currency", "`00`, `12`", f"{_POSTINGS}::test_a_purchase_in_another_currency"),
    (
        "0100 with DE 90 (increment)",
        "`00`, `05`, `12`, `25`, `64`",
        f"{_POSTINGS}::test_an_increment_adds_and_begins_the_time_anew",
    ),
    ("0120, 0121", "`00`, `12`, `13`, `25`", _MONEY),
    ("0120 after stand-in", "`00`", f"{_STAND_IN}::test_the_issuer_reconciles"),
    ("0200, 0201", "`00` or a decline", _MONEY),
    ("0200 with DE 90 (completion)", "`00`, `05`, `12`, `25`, `64`", f"{_POSTINGS}::test_completions_within_tolerance"),
    ("0200, refund", "`00`, `05`, `25`, `64`", f"{_POSTINGS}::test_refunds_give_back_what_was_paid_and_no_more"),
    ("0220, 0221 (clearing)", "`00`, `12`, `25`", f"{_POSTINGS}::test_clearing_finds_its_authorization_by_trace"),
    ("0220, several completions", "`00`", f"{_POSTINGS}::test_several_completions"),
    ("0220 without an original (force post)", "`00`, `12`", _MONEY),
    ("0400, 0401, 0420, 0421", "`00`, `21`, `25`, `64`", _MONEY),
    ("chargeback, representment", "", f"{_POSTINGS}::test_chargebacks_and_representments"),
    ("0800", "`00`, `12`", "tests/integration/test_first_tap.py::test_echo_and_other_messages"),
)
_FORCED = "tests/simulators/sandbox/http/test_simulations.py::test_every_decline_can_be_forced"
_ATTRIBUTE = "tests/authz/program/test_attributes.py::test_attribute"


def _message_tests() -> str:
    return _table(("message", "DE 39", "test"), [(name, codes, f"`{test}`") for name, codes, test in _MESSAGES])


def _decline_tests() -> str:
    rows = [
        (
            f"`{reason.code}`",
            f"`{ANSWERS[reason].response_code}`",
            _forced_amount(reason),
            f"`{_FORCED}[{reason.code}]`",
        )
        for reason in DECLINES
    ]
    return _table(("reason", "DE 39", "amount that forces it", "test"), rows)


def _forced_amount(reason: Reason) -> str:
    return f"{TEST_AMOUNT_BASE + reason:,}"


def _attributes() -> str:
    rows = [
        (
            f"`{attribute.code}`",
            MEANINGS[attribute].form.value,
            MEANINGS[attribute].text,
            MEANINGS[attribute].unknown_when,
            f"`{_ATTRIBUTE}[{attribute.code}]`",
        )
        for attribute in Attribute
    ]
    return _table(("attribute", "form", "meaning", "unknown when", "test"), rows)


def _test_amounts() -> str:
    rows = [(_forced_amount(reason), f"`{reason.code}`", f"`{ANSWERS[reason].response_code}`") for reason in DECLINES]
    return _table(("amount, minor units", "reason", "DE 39"), rows)


def _forced_outcomes() -> str:
    return _table(
        ("`wallet_account_id`", "outcome"),
        [(f"`{name}`", f"`{OUTCOMES[vote]}`") for name, vote in FORCED_OUTCOMES.items()],
    )


def _change_reasons() -> str:
    asked_for = (Change.SUSPEND, Change.RESUME, Change.DEACTIVATE)
    rows = [
        (
            f"`{initiator}`",
            *(", ".join(f"`{reason}`" for reason in sorted(REASONS[change, initiator])) for change in asked_for),
        )
        for initiator in Initiator
    ]
    return _table(("initiator", *(f"may {change} for" for change in asked_for)), rows)


def _event_types() -> str:
    return "".join(f"- `{event_type}`\n" for event_type in EventType)


def _cryptogram_mistakes() -> str:
    rows = [(f"`{mistake.code}`", f"`{mistake.step}`", mistake.description) for mistake in Mistake]
    return _table(("mistake", "step", "what was done"), rows)


def _test_vectors() -> str:
    """A section for each profile: a row for each value, a column for each vector."""
    by_profile: dict[str, list[PublishedVector]] = {}
    for vector in published_vectors():
        by_profile.setdefault(vector.version.name, []).append(vector)
    return "\n".join(
        f"## {profile}\n\n{_table(('', *(f'`{each.id}`' for each in vectors)), _rows_of_vectors(vectors))}"
        for profile, vectors in by_profile.items()
    )


def _rows_of_vectors(vectors: list[PublishedVector]) -> list[tuple[str, ...]]:
    columns = [_values_of_vector(each) for each in vectors]
    return [
        (name, *(f"`{column[name]}`" for column in columns)) for name in columns[0] if any(c[name] for c in columns)
    ]


def _values_of_vector(vector: PublishedVector) -> dict[str, str]:
    computation, version = vector.computation, vector.version
    limited = {}
    if vector.limited_use_key is not None:
        limited = {
            "index of the limited-use key": vector.limited_use_key_index or "",
            "limited-use key": vector.limited_use_key.hex().upper(),
        }
    return {
        f"issuer master key ({version.cipher})": vector.issuer_key.hex().upper(),
        "PAN": vector.pan,
        "PAN sequence number": vector.psn,
        f"card key (option {version.option})": vector.card_key.hex().upper(),
        **limited,
        f"session key ({version.session_key_method})": computation.session_key.hex().upper(),
        **{f"{tag} {DATA_ELEMENTS[tag].name}": value.hex().upper() for tag, value in vector.values.items()},
        "input": computation.data.hex().upper(),
        "padding": computation.padding.hex().upper(),
        "ARQC": computation.arqc.hex().upper(),
        "response code" if len(vector.answer) == 2 else "card status update": vector.answer.hex().upper(),
        f"ARPC (method {version.arpc_method})": vector.arpc.hex().upper(),
    }


def _triggers() -> str:
    return _table(("event", "what happens"), [(f"`{each}`", described(each)) for each in EventType])


def _wallet_reasons() -> str:
    votes = ProvisioningPolicy().wallet_reasons
    return _table(
        ("reason", "decision input"), [(f"`{reason}`", votes[reason].name.lower()) for reason in WalletReason]
    )


def _rooms(package: str) -> str:
    """Every folder of a package with modules: what it holds, and their names."""
    rows = []
    for init in sorted(DOCUMENTS.parent.glob(f"{package}/**/__init__.py")):
        room = init.parent.relative_to(DOCUMENTS.parent)
        holds = (ast.get_docstring(ast.parse(init.read_text())) or "").partition("\n")[0]
        names = ", ".join(f"`{path.stem}`" for path in sorted(init.parent.glob("*.py")) if path.stem != "__init__")
        if names:
            rows.append((f"`{room}/`", holds, names))
    return _table(("folder", "holds", "modules"), rows)


def _recipe(name: str) -> str:
    """A recipe of `tests/newcomer`: what is written where, what is generated from it, and how it is used."""
    recipe = RECIPES[name]
    parts = [f"### {recipe.heading}", "\n".join(textwrap.wrap(recipe.explanation, 140))]
    for place in recipe.places:
        if isinstance(place, NewFile):
            language = "json" if place.path.endswith(".json") else "python"
            parts.append(f"New file `{place.path}`:")
            parts.append(f"```{language}\n{place.content.strip()}\n```")
        elif isinstance(place, CopiedFile):
            parts.append(f"Copy `{place.source}` to `{place.path}`, and change it:")
            parts.append(_changed_lines(place))
        elif isinstance(place, Line):
            added = "\n".join(f"+{line}" for line in place.line.splitlines())
            parts.append(f"In `{place.path}`, add after this line:")
            parts.append(f"```diff\n {place.line_before(DOCUMENTS.parent)}\n{added}\n```")
        else:
            removed = [f"-{line}" for line in place.there.splitlines()]
            instead = [f"+{line}" for line in place.instead.splitlines()]
            parts.append(f"In `{place.path}`, change:")
            parts.append("\n".join(["```diff", *removed, *instead, "```"]))
    made = [f"`.venv/bin/python -m {module}`" for module in (*recipe.generators, "docs.generated")]
    parts.append(f"Then run {' and '.join(made)}, and describe the change in a fragment, `changes/WORDS.added.md`.")
    parts.append("It is used like this:")
    parts.append(f"```python\n{recipe.use.strip()}\n```")
    parts.append("These tests cover it: " + ", ".join(f"`{test}`" for test in recipe.tests) + ".")
    return "\n\n".join(parts) + "\n"


def _changed_lines(place: CopiedFile) -> str:
    before = (DOCUMENTS.parent / place.source).read_text()
    after = before
    for there, instead in place.replacements:
        after = after.replace(there, instead)
    lines = [*difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)]
    return "\n".join(["```diff", *(line for line in lines if line[:2] not in ("--", "++", "@@")), "```"])


BLOCKS: dict[str, Callable[[], str]] = {
    "attributes": _attributes,
    "channels": _channels,
    "chip-tags": _chip_tags,
    "askers": _who_asks,
    "checks": _checks,
    "follow-ups": _follow_ups,
    "follow-up-reasons": _follow_up_reasons,
    "attacks": _attacks,
    "exceptions": _exceptions,
    "command-line": _command_line,
    "dialects": _dialects,
    "periods": _periods,
    "product-terms": _product_terms,
    "jpos-classes": _jpos_classes,
    "jpos-classes-refused": _jpos_classes_refused,
    "rooms-authz": partial(_rooms, "authz"),
    "rooms-simulators": partial(_rooms, "simulators"),
    "rooms-tokenvault": partial(_rooms, "tokenvault"),
    "scenario-cast": _scenario_cast,
    "scenario-steps": _scenario_steps,
    "terminal-kinds": _terminal_kinds,
    "change-reasons": _change_reasons,
    "cryptogram-mistakes": _cryptogram_mistakes,
    "decline-tests": _decline_tests,
    "event-types": _event_types,
    "forced-outcomes": _forced_outcomes,
    "format-errors": _format_errors,
    "wallet-reasons": _wallet_reasons,
    "message-tests": _message_tests,
    "command-layouts": _command_layouts,
    "posting-kinds": _posting_kinds,
    "reasons": _reasons,
    "settings": _settings,
    "test-amounts": _test_amounts,
    "test-vectors": _test_vectors,
    "token-states": _token_states,
    "triggers": _triggers,
    **{f"recipe-{name}": partial(_recipe, name) for name in RECIPES},
}


def current(text: str) -> str:
    """A document with every generated part as the code has it now."""
    return _BLOCK.sub(lambda block: block[1] + BLOCKS[block[2]]() + block[3], text)


def main() -> None:
    """Rewrite every document that is out of date."""
    for path in sorted([*DOCUMENTS.glob("*.md"), DOCUMENTS.parent / "CONTRIBUTING.md"]):
        text = path.read_text()
        if (rewritten := current(text)) != text:
            path.write_text(rewritten)


if __name__ == "__main__":
    main()
