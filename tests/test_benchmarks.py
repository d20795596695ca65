"""The benchmarks' own machinery: what they compare with does the same, and what they keep can be read again."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from authz.journal.replay import apply_batch
from authz.kernel.application import apply
from authz.kernel.checks.findings import new_findings
from authz.kernel.checks.order import DECIDING, ORDER, Asker
from authz.kernel.measures.calendar import keep_day
from authz.program.compilation import compiled_program
from authz.program.document import ProgramDocument
from authz.state.tables import new_state, with_program, with_room
from authz.vocabulary.commands import CardholderVerification, Flag, Operation, new_results
from benchmarks import in_c, record
from benchmarks.in_c import DecidedInC, order_header
from benchmarks.kernel import MONTH, compared
from benchmarks.portfolio import NOW_US, notices, program, taps

_ACCOUNTS, _TAPS = 50, 3_000


def _unusual(commands, random):
    """Some taps as they should not be: replayed, forged, altered, too much, of nobody; cash with and without a PIN."""
    commands["atc"][::97] -= 1
    commands["cryptogram_outcome"][::53] = 2
    commands["signed_amount_minor"][::71] += 1
    commands["amount_minor"][::89] = commands["signed_amount_minor"][::89] = 2_000_000_000
    commands["merchant_category"][::31] = 7995
    commands["amount_minor"][::31] = commands["signed_amount_minor"][::31] = 60_000
    commands["token_pan"][::211] += np.uint64(10**9)
    commands["operation"][::61] = Operation.CASH
    commands["cardholder_verification"][::183] = CardholderVerification.PIN
    commands["flags"][::127] = Flag.SIGNED_FOR_ANOTHER_OPERATION
    commands["flags"][1::127] = Flag.SIGNED_FOR_OTHER_CASH
    commands["flags"][2::127] = Flag.SIGNED_ON_ANOTHER_DAY
    commands["flags"][3::127] = Flag.SIGNED_IN_ANOTHER_COUNTRY
    commands["flags"][4::127] = Flag.SENT_AT_ANOTHER_TIME
    return commands


def _of_segments():
    """A program whose limit and rule are about some of the segments only: a tenth of the accounts, or half of them."""
    when = {"attribute": "count_day", "operator": ">=", "value": 40, "where": {"segments": [*range(14)]}}
    return ProgramDocument.model_validate(
        {
            "limits": [{"id": "few", "window": "day", "count_max": 20, "where": {"segments": [3, 5, 8]}}],
            "rules": [{"id": "many", "state": "live", "when": when, "action": "decline"}],
        }
    )


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc to build the C program with")
@pytest.mark.parametrize(
    ("document", "reasons"),
    [(program(0, with_limits=False), 5), (program(20), 6), (_of_segments(), 7)],
    ids=["no rules", "20 rules", "segments"],
)
def test_the_c_program_decides_as_the_kernel_does(tmp_path, document, reasons):
    """Equal results, and equal tables afterwards, for good taps and for bad ones."""
    by_c_program, outcomes = DecidedInC(tmp_path), []
    compiled = compiled_program(document, 1)
    for by_c in (False, True):
        state = with_program(apply_batch(new_state(16), notices(0, _ACCOUNTS))[0], compiled)
        random, counters = np.random.default_rng(5), np.zeros(_ACCOUNTS, np.uint16)
        findings, results = new_findings(), new_results(_TAPS)
        keep_day(state.program, findings.today, NOW_US)
        commands = _unusual(taps(random, counters, _TAPS), random)
        state = with_room(state, _TAPS)
        if by_c:
            by_c_program(state, findings.today, MONTH, commands, results)
        else:
            apply(state, commands, results, findings)
        outcomes.append((results, compared(state)))
    (ours, tables), (theirs, its_tables) = outcomes
    for name in ("sequence", "reason", "approved_minor", "available_minor", "held_change_minor", "approval_code"):
        assert (ours[name] == theirs[name]).all(), name
    assert len(set(ours["reason"].tolist())) >= reasons
    for name, table in tables.items():
        assert table.tobytes() == its_tables[name].tobytes(), name


def test_runs_are_recorded_and_compared(tmp_path):
    """A run is read as it was written; only spreads that do not touch are a difference."""
    record.append("wire", {"durable": [90.0, 100.0, 110.0], "gone": [1.0]}, ["--rounds", "3"], tmp_path)
    record.append("wire", {"durable": [210.0, 200.0, 220.0]}, [], tmp_path)
    record.append("wire", {"durable": [205.0, 190.0, 230.0]}, [], tmp_path)
    first, second, third = record.recorded("wire", tmp_path)
    assert first["figures"]["durable"] == [90.0, 100.0, 110.0]
    assert first["arguments"] == ["--rounds", "3"]
    assert first["versions"]["numpy"]
    assert "2.10 times" in record.comparison(first, second)[1]
    assert "spreads touch" not in record.comparison(first, second)[1]
    assert "spreads touch" in record.comparison(second, third)[1]
    assert record.recorded("latency", tmp_path) == []


def test_the_c_program_asks_its_checks_in_the_kernels_order():
    """Each is a row of the table that the issuer asks for a request; what it uses up follows it."""
    asked = re.findall(r"check_(\w+)\(m\)", order_header())
    names = [row.name for row in ORDER if Asker.ISSUER in row.asked_by]
    assert len(asked) > 20
    assert asked == [name for name in names if name in asked]
    assert "check_transaction_counter(m))) return reason;\n    use_transaction_counter(m);" in order_header()


def test_a_check_in_c_that_the_kernel_does_not_have_is_refused(tmp_path, monkeypatch):
    """The yardstick would do what the kernel does not."""
    source = tmp_path / "decide.c"
    source.write_text(in_c.SOURCE.read_text() + "\nCHECK(mood) { return 0; }\n")
    monkeypatch.setattr(in_c, "SOURCE", source)
    with pytest.raises(ValueError, match=r"decide\.c has checks that no request is asked: mood"):
        order_header()


def test_a_check_of_the_kernel_that_is_not_in_c_is_refused(monkeypatch):
    """Unless it is left out on purpose: the yardstick would do less than the kernel, and look faster for it."""
    new = replace(DECIDING[0], name="mood")
    monkeypatch.setattr(in_c, "DECIDING", [*DECIDING, new])
    with pytest.raises(ValueError, match=r"decide\.c lacks checks of a request, which belong .*: mood$"):
        order_header()
    monkeypatch.setitem(in_c.NOT_IN_C, "mood", "no tap of the portfolio has one")
    assert "mood" not in order_header()


def test_a_check_is_left_out_of_c_only_where_it_is_not_there(monkeypatch):
    """What the list says of a check that is in C, or that the kernel no longer has, would be wrong."""
    monkeypatch.setitem(in_c.NOT_IN_C, "cryptogram", "taps of the portfolio are not signed")
    with pytest.raises(ValueError, match=r"decide\.c is not without checks that in_c\.NOT_IN_C names: cryptogram"):
        order_header()


def test_what_follows_a_check_is_in_c_too(monkeypatch):
    """Unless it is left out on purpose."""
    monkeypatch.setattr(in_c, "_NOT_DONE_IN_C", set())
    with pytest.raises(ValueError, match=r"decide\.c does not have use_limited_use_key, which follows the check"):
        order_header()


@pytest.mark.parametrize("name", ["use_transaction_counter", "use_mood"])
def test_what_is_left_out_of_c_is_done_by_the_kernel_alone(name, monkeypatch):
    """What decide.c has would be left out in silence; what the kernel no longer does would be kept for nothing."""
    monkeypatch.setattr(in_c, "_NOT_DONE_IN_C", {"use_limited_use_key", name})
    with pytest.raises(ValueError, match=f"{name} in in_c._NOT_DONE_IN_C"):
        order_header()
