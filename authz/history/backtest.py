"""Back-testing a rule: the journal is replayed twice, as it was and with the rule live from the start.

Both sides keep their own velocity, habits and balances: what the rule would have declined did not count later on, as it
would not have.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from authz.journal.records import gathered
from authz.journal.replay import REPLAYED_TOGETHER, History, replayed_batch
from authz.program.categories import Scene
from authz.program.compilation import active_rules, compiled_program
from authz.program.document import ProgramDocument, Rule, canonical, journaled_document
from authz.program.rules.changes import with_missing_scenes, with_rule
from authz.program.tables import NUMBER_VERSION
from authz.state.stored import stored_arrays, with_stored_arrays
from authz.state.tables import State, with_program
from authz.vocabulary.commands import MESSAGES, Flag, Kind, Records
from authz.vocabulary.errors import HistoryUnavailable
from authz.vocabulary.layouts import MESSAGE
from authz.vocabulary.reasons import Reason

EXAMPLES_MAX = 100


@dataclass(frozen=True)
class ChangedDecision:
    """One decision that would have come out otherwise. amount_minor: in currency (ISO 4217 numeric)."""

    sequence: int
    time_us: int
    account_id: int
    amount_minor: int
    currency: int
    before: Reason
    after: Reason


@dataclass
class Backtest:
    """What a rule would have done to the decisions from first_sequence to last_sequence."""

    first_sequence: int
    last_sequence: int
    decisions: int = 0
    matches: int = 0
    changes: Counter[tuple[Reason, Reason]] = field(default_factory=Counter)
    declined_billing_minor: Counter[int] = field(default_factory=Counter)
    examples: list[ChangedDecision] = field(default_factory=list)


def backtest(history: History, rule: Rule, until: int | None = None, scenes: Sequence[Scene] = ()) -> Backtest:
    """Replay everything that the journal holds, with and without a rule.

    scenes: those of the rule's program. Earlier programs that lack one have it too, see `with_missing_scenes`.

    Raises: ProgramInvalid, EngineError; HistoryUnavailable where files of the journal go while they are read.
    """
    try:
        return _replayed_twice(history, rule, until, scenes)
    except FileNotFoundError:
        raise HistoryUnavailable("the journal was put back or shortened while it was read") from None


def _replayed_twice(history: History, rule: Rule, until: int | None, scenes: Sequence[Scene]) -> Backtest:
    start = history.earliest()
    live = rule.model_copy(update={"state": "live"})
    document = journaled_document(start.document) if start.document else ProgramDocument()
    as_was, as_would = start.state, _copied(start.state)
    document = with_rule(with_missing_scenes(document, scenes), live)
    as_would = _switched(as_would, document)
    found = Backtest(start.sequence + 1, start.sequence)
    matched = 0
    for batch in gathered(history.journal.read(after=start.sequence, until=until), REPLAYED_TOGETHER):
        attachment = b""
        if batch.attachment:
            document = with_rule(with_missing_scenes(journaled_document(batch.attachment), scenes), live)
            attachment, matched = canonical(document), 0
        as_was, before, _ = replayed_batch(as_was, batch._replace(commands=batch.commands.copy()))
        would = batch._replace(commands=batch.commands.copy(), attachment=attachment)
        as_would, after, _ = replayed_batch(as_would, would)
        place = [each.id for each in active_rules(document)].index(rule.id)
        found.matches += int(as_would.matches[place]) - matched
        matched = int(as_would.matches[place])
        _compare(found, batch.commands, before, after)
        found.last_sequence = batch.sequence + len(batch.commands) - 1
    return found


def _copied(state: State) -> State:
    arrays = {name: array.copy() for name, array in stored_arrays(state).items()}
    return with_stored_arrays(arrays, state.program)


def _switched(state: State, document: ProgramDocument) -> State:
    """A state under another program of the same version, so that both sides count versions alike."""
    program = compiled_program(document, int(state.program.numbers[NUMBER_VERSION]))
    for table in (state.tokens, state.cards, state.activities, state.segments):
        table["cells_version"], table["cells"] = -1 % 2**32, 0
    return with_program(state, program)


def _compare(found: Backtest, commands: Records, before: Records, after: Records) -> None:
    kinds, said = commands["kind"], commands.view(MESSAGE)
    decided = ((kinds >= MESSAGES.start) & (kinds < MESSAGES.stop)) | (kinds == Kind.ISSUER_DECISION)
    found.decisions += int(np.count_nonzero(decided & (said["flags"] & Flag.REPEAT == 0)))
    for i in np.flatnonzero(decided & (before["reason"] != after["reason"])):
        was, would = Reason(before["reason"][i]), Reason(after["reason"][i])
        found.changes[was, would] += 1
        if was.is_approval and not would.is_approval:
            found.declined_billing_minor[int(before["billing_currency"][i])] += int(before["billing_minor"][i])
        if len(found.examples) < EXAMPLES_MAX:
            found.examples.append(
                ChangedDecision(
                    int(before["sequence"][i]),
                    int(commands["time_us"][i]),
                    int(before["account_id"][i]),
                    int(said["amount_minor"][i]),
                    int(said["currency"][i]),
                    was,
                    would,
                )
            )
