"""The benchmark of a bank's program: what it compares decides alike, and its books are in balance."""

from authz.program.document import ProgramDocument
from benchmarks import bank_program
from benchmarks.bank_program import PLAIN, WHOLE, WITHOUT, beside_each_other, programs


def test_what_is_compared():
    """The same limits, rules and scenes with and without what is about customers; a product alone beside them."""
    made = programs()
    assert not any(getattr(made[PLAIN], name) for name in ("scenes", "limits", "rules", "segments"))
    differing = {
        name for name in ProgramDocument.model_fields if getattr(made[WITHOUT], name) != getattr(made[WHOLE], name)
    }
    assert "segments" in differing
    assert differing <= set(bank_program._ABOUT_CUSTOMERS)


def test_all_taps_are_approved_and_all_days_closed(monkeypatch, capsys):
    """With few accounts; each figure is there as often as it was measured."""
    monkeypatch.setattr(bank_program, "BATCH", 64)
    figures = beside_each_other(50, 2)
    assert {len(figures[f"{name}, decisions a second"]) for name in (PLAIN, WITHOUT, WHOLE)} == {2}
    assert len(figures["close of days, times as long"]) == 2
    assert "whole_bank" in capsys.readouterr().out
