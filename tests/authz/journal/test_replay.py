"""Replay: the same journal gives the same bytes, whatever the batches were, compiled or interpreted."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from authz.journal.disk import Directory
from authz.journal.journal_files import SegmentJournal
from authz.journal.records import Batch
from authz.journal.replay import History, apply_batch, replayed, replayed_command
from authz.kernel.checks.numbers import Check
from authz.program.document import ProgramDocument, canonical, with_offsets
from authz.state.stored import rows_in_use
from authz.state.tables import new_state
from authz.vocabulary.attributes import MEANINGS, Attribute
from authz.vocabulary.commands import Kind
from authz.vocabulary.layouts import MESSAGE, joined
from authz.vocabulary.reasons import Reason
from tests.authz.commands import EUR, USD, command, opening, reversal, set_account, set_token, tap
from tests.authz.program.test_attributes import EXAMPLES

ROOT = Path(__file__).parents[3]


def a_busy_day() -> np.ndarray:
    """A few hundred commands that use every check."""
    random = np.random.default_rng(20261124)
    commands = [opening()]
    for number in range(1, 400):
        atc, amount = int(random.integers(1, 300)), int(random.choice([0, 100, 1_250, 49_999, 50_001]))
        made = tap(atc, amount, stan=number, channel=int(random.choice([1, 1, 1, 4])))
        commands.append(made)
        if random.random() < 0.3:
            earlier = [each for each in commands[1:] if each["kind"][0] == Kind.AUTHORIZATION_REQUEST]
            commands.append(reversal(earlier[int(random.integers(0, len(earlier)))]))
        if random.random() < 0.02:
            commands.append(set_token(3 + number, state=int(random.integers(1, 3))))
    return joined(commands)


def a_program() -> bytes:
    """Rules that look at every attribute and at velocity, limits over every kind of window, and two currencies."""
    looks = [
        {"attribute": attribute.code, "operator": "=", "value": EXAMPLES.get(MEANINGS[attribute].form, 3)}
        for attribute in Attribute
    ]
    looks += [
        {"attribute": f"{what}_{window}", "operator": ">", "value": 10**9, "of": of}
        for what in ("count", "amount", "declines")
        for window in ("90s", "1h", "30d", "day", "week", "month", "year", "lifetime")
        for of in ("token", "card", "account", "segment")
    ]
    return canonical(
        with_offsets(
            ProgramDocument.model_validate(
                {
                    "time_zone": "America/New_York",
                    "rates": {"base": "EUR", "per_base": {"USD": "1.0837"}},
                    "categories": [{"first": "5800", "last": "5899", "group": "food", "hold_hours": 2}],
                    "scenes": [
                        {"scene": "bar", "need": "play", "categories": [["5813", "5814"]]},
                        {"scene": "shop", "need": "home", "categories": [["5411", "5411"]]},
                    ],
                    "limits": [{"id": "hour", "window": "1h", "count_max": 40, "where": {"category_groups": ["food"]}}],
                    "rules": [
                        {"id": f"r{number}", "state": "shadow", "when": when, "action": "flag"}
                        for number, when in enumerate(looks)
                    ]
                    + [{"id": "ask", "state": "live", "action": "ask", "when": ASKED}],
                }
            )
        )
    )


ASKED = {"attribute": "amount", "operator": ">", "value": 45_000}


def a_busy_day_under_a_program() -> list[tuple[np.ndarray, bytes]]:
    """The same day with places, merchants and two currencies, forced declines, an outage and real-time decisioning."""
    random, day = np.random.default_rng(20261125), a_busy_day().view(MESSAGE)
    taps = day["kind"] == Kind.AUTHORIZATION_REQUEST
    day["time_us"] += np.arange(len(day)) * 97_000_000
    for name, low, high in (("latitude", -9_000_000, 9_000_000), ("longitude", -18_000_000, 18_000_000)):
        day[name] = random.integers(low, high, len(day))
    day["merchant_key"], day["country"] = random.integers(1, 9, len(day)), random.integers(1, 5, len(day))
    day["atc"][taps] = np.arange(1, taps.sum() + 1)
    day["currency"][taps] = day["signed_currency"][taps] = random.choice([EUR, USD], int(taps.sum()))
    parts = np.array_split(day, 5)
    at = [int(part["time_us"][-1]) for part in parts]
    awaited = [
        command(Kind.ISSUER_DECISION, decision=sequence, reason=0, amount_minor=49_999, token_pan=700, time_us=at[3])
        for sequence in range(1, 600)
    ]
    return [
        (parts[0], b""),
        (set_account(1_000, limit_minor=10**9, time_us=at[0]), b""),
        (command(Kind.ACTIVATE_PROGRAM, time_us=at[0]), a_program()),
        (parts[1], b""),
        (command(Kind.FORCE_REASON, scope=0, subject=701, reason=Reason.LOST_CARD, time_us=at[1]), b""),
        (parts[2], b""),
        (command(Kind.SWITCH_ISSUER, is_down=1, time_us=at[2]), b""),
        (parts[3], b""),
        (command(Kind.SWITCH_ISSUER, is_down=0, time_us=at[3]), b""),
        *((each, b"") for each in awaited),
        (parts[4], b""),
    ]


def digest_of_day() -> dict[str, str]:
    """Digests of all tables and answers after that day."""
    state, answers = new_state(16), []
    for batch, document in a_busy_day_under_a_program():
        state, results, _ = apply_batch(state, batch, document)
        answers.append(results)
    results = np.concatenate(answers)
    assert {Reason.LOST_CARD, Reason.AWAITING_ISSUER, Reason.DECLINED_BY_STAND_IN} <= set(results["reason"].tolist())
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in rows_in_use(state).items()}
    return digests | {"results": hashlib.sha256(results.tobytes()).hexdigest()}


def test_interpreted_code_gives_the_same_bytes():
    """Tables and answers are equal byte for byte with the compiler on and off."""
    program = (
        "import json; from tests.authz.journal.test_replay import digest_of_day; print(json.dumps(digest_of_day()))"
    )
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == digest_of_day()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=30))
def test_batches_do_not_matter(sizes):
    """However commands are cut into batches, tables and answers are the same."""
    day = a_busy_day()
    whole, whole_results, _ = apply_batch(new_state(16), day)
    state, parts, start = new_state(16), [], 0
    while start < len(day):
        size = sizes[len(parts) % len(sizes)]
        state, results, _ = apply_batch(state, day[start : start + size])
        parts.append(results)
        start += size
    assert rows_in_use(state) == rows_in_use(whole)
    assert np.concatenate(parts).tobytes() == whole_results.tobytes()


def test_recovery_and_explanation(tmp_path):
    """A journal replays to the state it came from, and each of its commands to its own answer."""
    journal = SegmentJournal(Directory(tmp_path), segment_bytes=20_000)
    day, state, answers, start = a_busy_day(), new_state(16), [], 0
    for size in (1, 5, 100, 200, len(day)):
        batch = day[start : start + size].copy()
        if len(batch):
            journal.append(Batch(start + 1, batch))
            state, results, _ = apply_batch(state, batch)
            answers.append(results)
        start += size
    assert len(list(tmp_path.glob("*.journal"))) > 1
    assert rows_in_use(replayed(History(journal)).state) == rows_in_use(state)
    results = np.concatenate(answers)
    for sequence in (4, 5, 50, 107, len(day)):
        found = replayed_command(History(journal), sequence)
        assert found.command.tobytes() == day[sequence - 1].tobytes()
        assert found.result.tobytes() == results[sequence - 1].tobytes()
        failed = [
            Check(i)
            for i, finding in enumerate(found.findings.checks)
            if finding["reason"] != Reason.APPROVED and finding["reached"]
        ]
        assert len(failed) == (not Reason(found.result["reason"]).is_approval)
    assert replayed_command(History(journal), len(day) + 1) is None
    journal.close()
